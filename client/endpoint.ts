/** The connection to one coordinator: dialled when it is needed, one attempt for all who wait, with back-off. */

import {
  Client as GrpcClient,
  connectivityState,
  type CallOptions,
  type ChannelCredentials,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ServiceError,
} from "@grpc/grpc-js";
import { code, NemconError, type Reason } from "../runtime/errors/index.ts";
import { defaultKeepalive, errorOfServer, fromServiceError, linkMessageBytes } from "../runtime/link/index.ts";
import type { Deadline } from "./deadline.ts";
import { pauseMs } from "./pace.ts";

/** A method of a service, as far as a caller needs it. */
export interface Method<Request, Answer> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Answer;
}

/** The longest that an attempt to connect may take, in milliseconds. */
const CONNECT_MS = 5_000;
/** What the window of a stream lets the server send before it was read, in bytes. */
const FLOW_CONTROL_BYTES = 1024 * 1024;

export class Endpoint {
  readonly address: string;
  private readonly credentials: ChannelCredentials;
  private readonly calls = new Set<{ cancel(): void }>();
  private client: GrpcClient | null = null;
  private dialing: Promise<GrpcClient> | null = null;
  private failures = 0;
  private notBeforeMs = 0;
  private stopWaiting: (() => void) | null = null;
  private closed = false;

  constructor(address: string, credentials: ChannelCredentials) {
    this.address = address;
    this.credentials = credentials;
  }

  /** The last attempt to connect failed. */
  get isDown(): boolean {
    return this.failures > 0;
  }

  /** Looks, beside the calls, whether a coordinator that was down is back; no more often than the back-off allows. */
  probe(): void {
    if (this.dialing === null && performance.now() >= this.notBeforeMs) this.connected().catch(() => undefined);
  }

  /** A client that is connected now. What fails here was not sent. @throws NemconError COORDINATOR_UNREACHABLE, CLIENT_CLOSED */
  async connected(): Promise<GrpcClient> {
    if (this.closed) throw closedError();
    if (this.client?.getChannel().getConnectivityState(false) === connectivityState.READY) return this.client;
    this.dialing ??= this.dial().finally(() => {
      this.dialing = null;
    });
    return this.dialing;
  }

  /** One call, sent once. @throws NemconError with the server's reason, COORDINATOR_UNREACHABLE, DEADLINE_EXCEEDED; the signal's reason */
  call<Request, Answer>(
    client: GrpcClient,
    method: Method<Request, Answer>,
    request: Request,
    deadline: Deadline,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options: CallOptions = { deadline: Date.now() + deadline.leftMs };
      const { path, requestSerialize, responseDeserialize } = method;
      const call = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        options,
        (error, answer) => {
          this.calls.delete(call);
          stop();
          if (error === null && answer !== undefined) resolve(answer);
          else reject(this.errorOf(error, deadline));
        },
      );
      const stop = deadline.watch({
        // gRPC ends the call at the deadline by itself.
        passed: () => undefined,
        cancelled: (reason) => {
          reject(reason);
          call.cancel();
        },
      });
      this.calls.add(call);
    });
  }

  /** A stream in both directions; it has no deadline and lasts until it is ended. */
  duplex<Request, Answer>(client: GrpcClient, method: Method<Request, Answer>): ClientDuplexStream<Request, Answer> {
    return this.tracked(client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize));
  }

  /** A stream of answers to one request. */
  answers<Request, Answer>(
    client: GrpcClient,
    method: Method<Request, Answer>,
    request: Request,
  ): ClientReadableStream<Answer> {
    const { path, requestSerialize, responseDeserialize } = method;
    return this.tracked(client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request));
  }

  /** What a failed call says, with the server's reason where it gave one. */
  errorOf(error: ServiceError | null, deadline: Deadline | null = null): NemconError {
    if (this.closed) return closedError();
    const { address } = this;
    if (error === null)
      return new NemconError("COORDINATOR_UNREACHABLE", `${address} ended the call without an answer.`);
    const told = fromServiceError(error);
    const { code: status, message } = told;
    const own = errorOfServer(told);
    if (own !== null) return own;
    if (status === code.deadlineExceeded && deadline !== null) return deadline.exceeded(address);
    return new NemconError(reasonOf(status), `${address}: ${message}`, { cause: error, details: { address } });
  }

  /** Ends all calls at once. */
  close(): void {
    this.closed = true;
    this.stopWaiting?.();
    for (const call of this.calls) call.cancel();
    this.client?.close();
  }

  private tracked<S extends ClientReadableStream<unknown> | ClientDuplexStream<unknown, unknown>>(stream: S): S {
    this.calls.add(stream);
    stream.on("status", () => this.calls.delete(stream));
    return stream;
  }

  private async dial(): Promise<GrpcClient> {
    await this.pause(this.notBeforeMs - performance.now());
    this.client?.close();
    const client = new GrpcClient(this.address, this.credentials, {
      "grpc.keepalive_time_ms": defaultKeepalive.timeMs,
      "grpc.keepalive_timeout_ms": defaultKeepalive.timeoutMs,
      "grpc.max_receive_message_length": linkMessageBytes,
      "grpc.max_send_message_length": linkMessageBytes,
      // What may be tried again is decided here, where it is known what is safe.
      "grpc.enable_retries": 0,
      "grpc.enable_channelz": 0,
      "grpc.use_local_subchannel_pool": 1,
      "grpc-node.flow_control_window": FLOW_CONTROL_BYTES,
    });
    this.client = client;
    if (this.closed || !(await isReady(client))) {
      client.close();
      if (this.closed) throw closedError();
      this.failures += 1;
      const waitMs = pauseMs(this.failures);
      this.notBeforeMs = performance.now() + waitMs;
      throw new NemconError(
        "COORDINATOR_UNREACHABLE",
        `No connection to the coordinator at ${this.address}. Does it run?`,
        {
          details: { address: this.address },
        },
      );
    }
    this.failures = 0;
    return client;
  }

  private pause(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.stopWaiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** False as soon as the attempt has failed: gRPC alone would go on trying by a back-off of its own. */
function isReady(client: GrpcClient): Promise<boolean> {
  const channel = client.getChannel();
  const untilMs = Date.now() + CONNECT_MS;
  return new Promise((resolve) => {
    const look = (): void => {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) resolve(true);
      else if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) resolve(false);
      else channel.watchConnectivityState(state, untilMs, (late) => (late === undefined ? look() : resolve(false)));
    };
    look();
  });
}

export function closedError(): NemconError {
  return new NemconError("CLIENT_CLOSED", "The client is closed.");
}

/** Statuses that gRPC itself, or something between client and server, makes up. */
function reasonOf(status: number): Reason {
  if (status === code.unavailable) return "COORDINATOR_UNREACHABLE";
  if (status === code.deadlineExceeded) return "DEADLINE_EXCEEDED";
  if (status === code.resourceExhausted) return "MESSAGE_TOO_LARGE";
  return status === code.unimplemented ? "NOT_AVAILABLE" : "INTERNAL";
}
