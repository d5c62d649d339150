/**
 * Work that is sent to a participant goes on to the transaction's coordinator, which counts it and relays it
 * back over the link: only work that the coordinator counts is part of what it will prepare (protocols §0.3).
 */

import { parseTransactionId } from "../protocols/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import {
  channelCredentials,
  errorOfServer,
  fromServiceError,
  ParticipantStub,
  type ExecuteAnswer,
  type ExecuteMessage,
} from "../runtime/link/index.ts";
import type { ServiceError } from "@grpc/grpc-js";

type Stub = InstanceType<typeof ParticipantStub>;

export class Forward {
  private readonly stubs = new Map<string, Stub>();
  private readonly addressOf: (coordinator: string) => string | null;

  /** @param addressOf where a coordinator serves, if it is linked */
  constructor(addressOf: (coordinator: string) => string | null) {
    this.addressOf = addressOf;
  }

  /** @throws NemconError INVALID_TRANSACTION_ID, COORDINATOR_UNREACHABLE; or what the coordinator answered */
  async execute(node: string, request: ExecuteMessage, deadline: Date | number): Promise<ExecuteAnswer> {
    const parts = parseTransactionId(request.transaction);
    if (parts === null)
      throw new NemconError("INVALID_TRANSACTION_ID", `"${request.transaction}" is no transaction id.`);
    const address = this.addressOf(parts.coordinator);
    if (address === null)
      throw new NemconError(
        "COORDINATOR_UNREACHABLE",
        `${node} has no link to ${parts.coordinator}, which began ${request.transaction}.`,
        { retryAfterMs: 1_000 },
      );
    const stub = this.stubs.get(address) ?? new ParticipantStub(address, channelCredentials(null));
    this.stubs.set(address, stub);
    const participant = request.participant === "" ? node : request.participant;
    return new Promise((resolve, reject) => {
      stub.Execute({ ...request, participant }, { deadline }, (error: ServiceError | null, answer) => {
        if (error === null && answer !== undefined) resolve(answer);
        else reject(passedOn(error));
      });
    });
  }

  close(): void {
    for (const stub of this.stubs.values()) stub.close();
  }
}

function passedOn(error: ServiceError | null): NemconError {
  if (error === null) return new NemconError("INTERNAL", "The coordinator gave no answer.");
  const told = fromServiceError(error);
  return (
    errorOfServer(told) ??
    new NemconError("COORDINATOR_UNREACHABLE", `The call to the coordinator failed: ${told.message}.`, { cause: error })
  );
}
