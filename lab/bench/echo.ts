/** The least that a gRPC server can do: answers nothing with nothing, and a frame with the same frame. */

import type { ServerDuplexStream, ServiceDefinition } from "@grpc/grpc-js";
import { serve } from "../../runtime/link/index.ts";

const asIs = (bytes: Buffer): Buffer => bytes;

function method(name: string, isStream: boolean) {
  return {
    path: `/nemcon.bench.Echo/${name}`,
    requestStream: isStream,
    responseStream: isStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

export const echo = { Nothing: method("Nothing", false), Frames: method("Frames", true) } satisfies ServiceDefinition;

const empty = Buffer.alloc(0);

export const methods = {
  /** Gives the address. */
  serve: async (): Promise<string> => {
    const implementation = {
      Nothing: (_call: unknown, done: (error: null, answer: Buffer) => void) => done(null, empty),
      Frames: (stream: ServerDuplexStream<Buffer, Buffer>) => {
        stream.on("data", (frame: Buffer) => stream.write(frame));
        stream.on("end", () => stream.end());
        stream.on("error", () => undefined);
      },
    };
    const { address } = await serve({
      address: "127.0.0.1:0",
      tls: null,
      services: [{ definition: echo, implementation }],
    });
    return address;
  },
};
