/**
 * The same statements straight to three servers that know nothing of each other: what is left of a transaction
 * when nobody coordinates it. The frames are those of peer links, so that nothing but the protocol differs.
 */

import { Client, type ClientDuplexStream } from "@grpc/grpc-js";
import type { Envelope } from "../../../runtime/engine/index.ts";
import { channelCredentials, decodeFrame, encodeEnvelopes, services } from "../../../runtime/link/index.ts";
import { packWork } from "../../../runtime/values/index.ts";
import { clientOptions, houseOperation } from "./messages.ts";
import type { Tell, Way } from "./way.ts";

type Serialized<F> = F extends (message: infer M) => Buffer ? M : never;
type Request = Serialized<typeof services.peer.Link.requestSerialize>;
type Response = ReturnType<typeof services.peer.Link.responseDeserialize>;

interface Open {
  left: number;
  why: string;
  readonly tell: Tell;
}

/** @param servers addresses by the participant's name */
export function fanOutWay(servers: ReadonlyMap<string, string>): Way {
  const open = new Map<string, Open>();
  const lanes = new Map([...servers].map(([name, address]) => [name, new Lane(address, open)]));
  let last = 0;
  return {
    submit: ({ branches }, tell) => {
      last += 1;
      const transaction = `fan.0001.${last.toString(36).padStart(8, "0")}`;
      open.set(transaction, { left: branches.length, why: "", tell });
      for (const { participant, operations } of branches)
        lanes.get(participant)?.send({
          transaction,
          protocol: "2pc",
          body: { kind: "commit-one-phase", token: null, workCount: 0, work: packWork(operations.map(houseOperation)) },
        });
    },
  };
}

/** The stream to one server. */
class Lane {
  private readonly call: ClientDuplexStream<Request, Response>;
  private readonly open: Map<string, Open>;
  private waiting: Envelope[] = [];

  constructor(address: string, open: Map<string, Open>) {
    this.open = open;
    const { path, requestSerialize, responseDeserialize } = services.peer.Link;
    const client = new Client(address, channelCredentials(null), clientOptions);
    this.call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.call.on("data", ({ frame }: Response) => {
      if (frame) this.onFrame(frame.rows);
    });
    this.call.on("error", (error) => this.lost(error));
  }

  /** All that one frame of answers brings about leaves in one frame, and at once. */
  send(envelope: Envelope): void {
    if (this.waiting.length === 0) queueMicrotask(() => this.flush());
    this.waiting.push(envelope);
  }

  private flush(): void {
    for (const rows of encodeEnvelopes(this.waiting)) this.call.write({ frame: { version: 1, rows, sequence: 0 } });
    this.waiting = [];
  }

  private onFrame(rows: Uint8Array): void {
    for (const { transaction, body } of decodeFrame(rows).envelopes) {
      const entry = this.open.get(transaction);
      if (entry === undefined || body.kind !== "one-phase-result") continue;
      if (body.outcome === "aborted") entry.why = body.reason;
      entry.left -= 1;
      if (entry.left > 0) continue;
      this.open.delete(transaction);
      entry.tell(entry.why === "" ? "committed" : "unknown", entry.why);
    }
  }

  private lost(error: Error): void {
    const lost = [...this.open.values()];
    this.open.clear();
    for (const { tell } of lost) tell("unknown", error.message);
  }
}
