/** A peer link spoken by hand, so that a test can say on it what no server of ours would. */

import type { ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import type { Envelope } from "../../runtime/engine/index.ts";
import { decodeFrame, encodeEnvelopes } from "../../runtime/link/codec.ts";
import type { Hello } from "../../runtime/link/gen/nemcon/v1/Hello.ts";
import type { LinkRequest } from "../../runtime/link/gen/nemcon/v1/LinkRequest.ts";
import type { LinkResponse__Output } from "../../runtime/link/gen/nemcon/v1/LinkResponse.ts";
import { channelCredentials, fromServiceError } from "../../runtime/link/index.ts";
import { PeerStub } from "../../runtime/link/proto.ts";

const LINK_MS = 30_000;

export class Stranger {
  readonly hello: Hello;
  private readonly stub: InstanceType<typeof PeerStub>;
  private readonly stream: ClientDuplexStream<LinkRequest, LinkResponse__Output>;
  private readonly received: Envelope[] = [];
  private greeted = false;
  private end: string | null = null;
  private wake: () => void = () => undefined;

  constructor(address: string, hello: Partial<Hello> = {}) {
    this.stub = new PeerStub(address, channelCredentials(null));
    this.stream = this.stub.Link({ deadline: Date.now() + LINK_MS });
    this.hello = {
      cluster: "nemcon",
      node: "stranger",
      role: "participant",
      log: "00000000-0000-4000-8000-000000000000",
      starts: [{ incarnation: 1, boot: 1, sequence: 0 }],
      sequence: 0,
      versions: [1],
      software: "by hand",
      address: "",
      ...hello,
    };
    this.stream.on("data", ({ hello: answer, frame }: LinkResponse__Output) => {
      if (answer) this.greeted = true;
      if (frame) this.received.push(...decodeFrame(frame.rows).envelopes);
      this.wake();
    });
    this.stream.on("error", (error: ServiceError) => {
      this.end = fromServiceError(error).reason ?? `gRPC ${error.code}`;
      this.wake();
    });
  }

  greet(): void {
    this.stream.write({ hello: this.hello });
  }

  /** The whole handshake; gives the reason of a refusal, or null. */
  async link(): Promise<string | null> {
    this.greet();
    await this.until(() => this.greeted || this.end !== null);
    if (this.end === null) this.greet();
    return this.end;
  }

  /** A frame of any bytes. */
  frame(rows: Uint8Array, version = 1): void {
    this.stream.write({ frame: { version, rows, sequence: 0 } });
  }

  say(envelopes: readonly Envelope[]): void {
    for (const frame of encodeEnvelopes(envelopes)) this.frame(frame);
  }

  /** The next message of a kind. */
  async hear(kind: Envelope["body"]["kind"]): Promise<Envelope> {
    const found = (): number => this.received.findIndex(({ body }) => body.kind === kind);
    await this.until(() => found() >= 0 || this.end !== null);
    const [envelope] = this.received.splice(found(), 1);
    if (envelope === undefined || this.end !== null) throw new Error(`the link ended: ${this.end}`);
    return envelope;
  }

  /** Why the server ended the link. */
  async refused(): Promise<string> {
    await this.until(() => this.end !== null);
    return this.end ?? "";
  }

  close(): void {
    this.stream.cancel();
    this.stub.close();
  }

  private async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => (this.wake = resolve));
  }
}
