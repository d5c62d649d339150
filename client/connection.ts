/** One coordinator: its services, and how its errors read. */

import type { CallOptions, ServiceError } from "@grpc/grpc-js";
import { NemconError } from "../runtime/errors/index.ts";
import { channelCredentials, CoordinatorStub, fromServiceError, ParticipantStub } from "../runtime/link/index.ts";
import type { Deadline } from "./deadline.ts";

type Callback<T> = (error: ServiceError | null, response?: T) => void;
type Start<T> = (options: CallOptions, done: Callback<T>) => { cancel(): void };

/** gRPC's codes for a call whose time was over, and for a server that can't be reached. */
const DEADLINE = 4;
const UNAVAILABLE = 14;

const channelOptions = {
  "grpc.keepalive_time_ms": 5_000,
  "grpc.keepalive_timeout_ms": 3_000,
  "grpc.enable_channelz": 0,
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 1_000,
  "grpc.max_receive_message_length": 16 * 1024 * 1024,
};

export class Connection {
  readonly address: string;
  readonly coordinator: InstanceType<typeof CoordinatorStub>;
  readonly participant: InstanceType<typeof ParticipantStub>;

  constructor(address: string) {
    this.address = address;
    const credentials = channelCredentials(null);
    this.coordinator = new CoordinatorStub(address, credentials, channelOptions);
    this.participant = new ParticipantStub(address, credentials, channelOptions);
  }

  /** @throws NemconError; the deadline's signal's reason */
  unary<T>(deadline: Deadline, start: Start<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let stop: (() => void) | null = null;
      const call = start({ deadline: Date.now() + deadline.leftMs }, (error, response) => {
        stop?.();
        if (error !== null) reject(this.errorOf(error, deadline));
        else if (response === undefined) reject(new NemconError("INTERNAL", `${this.address} answered nothing.`));
        else resolve(response);
      });
      stop = deadline.watch({
        passed: () => undefined,
        cancelled: (reason) => {
          call.cancel();
          reject(reason);
        },
      });
    });
  }

  errorOf(error: ServiceError, deadline: Deadline | null): NemconError {
    const { code, reason, message, retryAfterMs } = fromServiceError(error);
    if (reason !== null) return NemconError.fromWire(reason, message, retryAfterMs === null ? {} : { retryAfterMs });
    if (code === DEADLINE && deadline !== null) return deadline.exceeded(this.address);
    const what = code === UNAVAILABLE ? "No connection to" : "The call failed at";
    return new NemconError(
      "COORDINATOR_UNREACHABLE",
      `${what} the coordinator ${this.address}: ${message}. See that it runs there.`,
      { cause: error },
    );
  }

  close(): void {
    this.coordinator.close();
    this.participant.close();
  }
}
