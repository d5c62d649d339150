/** One SubmitStream, from its opening to its end. Submits that come together leave in one message. */

import type { Client as GrpcClient, ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import type { NemconError } from "../runtime/errors/index.ts";
import { services, type TaggedAnswerRead, type TaggedSubmit } from "../runtime/link/index.ts";
import type { Endpoint, Method } from "./endpoint.ts";
import { IdSupply } from "./ids.ts";

type Messages<M> = M extends Method<infer Request, infer Answer> ? { request: Request; answer: Answer } : never;
type SubmitMethod = Messages<typeof services.coordinator.SubmitStream>;
type Submit = NonNullable<TaggedSubmit["submit"]>;
/** A message takes more submits until it has this many bytes or this many of them: what a larger one is made of lives long enough to be moved by the garbage collector. */
const MESSAGE_BYTES = 256 * 1024;
const MESSAGE_SUBMITS = 128;

export interface StreamEvents {
  /** There are ids, or the buffer has room again. */
  onRoom(): void;
  onAnswer(answer: TaggedAnswerRead): void;
  /** All answers of a message were given. */
  onAnswered(): void;
  /** Called once. */
  onOver(error: NemconError): void;
}

export class SubmitStream {
  readonly ids = new IdSupply();
  /** It gave ids: the other side is a coordinator. */
  greeted = false;
  /** False while the buffer is full. */
  canWrite = true;
  private readonly call: ClientDuplexStream<SubmitMethod["request"], SubmitMethod["answer"]>;
  /** To leave in the next message. */
  private submits: TaggedSubmit[] = [];
  private bytes = 0;
  private scheduled = false;
  private over = false;

  constructor(endpoint: Endpoint, client: GrpcClient, events: StreamEvents) {
    this.call = endpoint.duplex(client, services.coordinator.SubmitStream);
    const ended = (error: ServiceError | null): void => {
      if (this.over) return;
      this.over = true;
      events.onOver(endpoint.errorOf(error));
    };
    this.call.on("data", ({ ids, answers }: SubmitMethod["answer"]) => {
      for (const answer of answers) events.onAnswer(answer);
      if (answers.length > 0) events.onAnswered();
      if (!ids) return;
      const { prefix, first, count } = ids;
      this.ids.add({ prefix, first: Number(first), count });
      this.greeted = true;
      events.onRoom();
    });
    this.call.on("drain", () => {
      this.canWrite = true;
      events.onRoom();
    });
    this.call.on("error", (error: ServiceError) => ended(error));
    this.call.on("end", () => ended(null));
  }

  /**
   * Leaves with all others of this turn of the event loop: whoever was answered in it has submitted again by then.
   *
   * @param sizeBytes about as much as it takes on the wire
   */
  send(tag: number, submit: Submit, sizeBytes: number): void {
    if (this.submits.length === MESSAGE_SUBMITS || this.bytes + sizeBytes > MESSAGE_BYTES) this.flush();
    this.submits.push({ tag, submit });
    this.bytes += sizeBytes;
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  /** No more requests: the server ends the stream when it has answered all. */
  end(): void {
    this.flush();
    this.call.end();
  }

  private flush(): void {
    const { submits } = this;
    if (submits.length === 0 || this.over) return;
    this.submits = [];
    this.bytes = 0;
    if (!this.call.write({ submits })) this.canWrite = false;
  }
}
