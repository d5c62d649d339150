/** One SubmitStream, from its opening to its end. */

import type { Client as GrpcClient, ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import type { NemconError } from "../runtime/errors/index.ts";
import { services } from "../runtime/link/index.ts";
import type { Endpoint, Method } from "./endpoint.ts";
import { IdSupply } from "./ids.ts";

type Messages<M> = M extends Method<infer Request, infer Answer> ? { request: Request; answer: Answer } : never;
type SubmitMethod = Messages<typeof services.coordinator.SubmitStream>;
export type SubmitWork = Pick<NonNullable<SubmitMethod["request"]["submit"]>, "protocol" | "branches">;
export type StreamAnswer = SubmitMethod["answer"];

export interface StreamEvents {
  /** There are ids, or the buffer has room again. */
  onRoom(): void;
  onAnswer(tag: number, answer: StreamAnswer): void;
  /** Called once. */
  onOver(error: NemconError): void;
}

export class SubmitStream {
  readonly ids = new IdSupply();
  /** It gave ids: the other side is a coordinator. */
  greeted = false;
  /** False while the buffer is full. */
  canWrite = true;
  private readonly call: ClientDuplexStream<SubmitMethod["request"], StreamAnswer>;
  private over = false;

  constructor(endpoint: Endpoint, client: GrpcClient, events: StreamEvents) {
    this.call = endpoint.duplex(client, services.coordinator.SubmitStream);
    const ended = (error: ServiceError | null): void => {
      if (this.over) return;
      this.over = true;
      events.onOver(endpoint.errorOf(error));
    };
    this.call.on("data", (answer: StreamAnswer) => {
      if (answer.ids) {
        const { prefix, first, count } = answer.ids;
        this.ids.add({ prefix, first: Number(first), count });
        this.greeted = true;
        events.onRoom();
      } else events.onAnswer(Number(answer.tag), answer);
    });
    this.call.on("drain", () => {
      this.canWrite = true;
      events.onRoom();
    });
    this.call.on("error", (error: ServiceError) => ended(error));
    this.call.on("end", () => ended(null));
  }

  send(tag: number, submit: NonNullable<SubmitMethod["request"]["submit"]>): void {
    if (!this.call.write({ tag, submit })) this.canWrite = false;
  }

  /** No more requests: the server ends the stream when it has answered all. */
  end(): void {
    this.call.end();
  }
}

/** The size of a request on the wire, in bytes. */
export function requestBytes(submit: NonNullable<SubmitMethod["request"]["submit"]>): number {
  return services.coordinator.SubmitStream.requestSerialize({ tag: Number.MAX_SAFE_INTEGER, submit }).length;
}
