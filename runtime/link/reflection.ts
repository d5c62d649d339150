/** Server reflection: what `grpcurl list` and its like read. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadSync, type AnyDefinition, type PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { protoPath as healthProto } from "grpc-health-check";
import { Reader } from "../packing/index.ts";
import { protoFolder } from "./proto.ts";

/**
 * The services of nemcon from the descriptor set that `npm run generate` wrote, and health. Descriptors that
 * proto-loader makes from what it loaded lose maps, reserved ranges and well-known imports.
 */
export function reflectionService(): ReflectionService {
  const fileDescriptorProtos = descriptorsIn(readFileSync(join(protoFolder, "gen/nemcon.binpb")));
  const own = { nemcon: { fileDescriptorProtos } as unknown as AnyDefinition } satisfies PackageDefinition;
  return new ReflectionService({ ...loadSync(healthProto), ...own });
}

/** The files of a `google.protobuf.FileDescriptorSet`: a message with one repeated field. */
function descriptorsIn(set: Uint8Array): Buffer[] {
  const from = new Reader(set);
  const files: Buffer[] = [];
  while (!from.done) {
    from.varint();
    files.push(Buffer.from(from.bytes()));
  }
  return files;
}
