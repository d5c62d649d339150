/**
 * A server of the uncoordinated fan-out: all that has arrived by a turn is one SQLite transaction with one forced
 * write, then one frame answers it. No votes, no locks, no journal, no decision.
 */

import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { Statement } from "better-sqlite3";
import type { Envelope } from "../../runtime/engine/index.ts";
import { decodeFrame, encodeEnvelopes, serve, services } from "../../runtime/link/index.ts";
import { packResults, unpackWork, type OperationResult, type SqlOperation } from "../../runtime/values/index.ts";
import { openStore, type Store } from "./store.ts";

type Request = ReturnType<typeof services.peer.Link.requestDeserialize>;
type Response = Parameters<typeof services.peer.Link.responseSerialize>[0];
type Stream = ServerDuplexStream<Request, Response>;

class FanOutServer {
  private readonly store: Store;
  private readonly statements = new Map<string, Statement>();
  private readonly waiting = new Map<Stream, Envelope[]>();

  constructor(file: string) {
    this.store = openStore(file);
  }

  readonly link = (stream: Stream): void => {
    stream.on("data", ({ frame }: Request) => {
      if (!frame) return;
      // As the product's turns: after the poll phase, so that everything that has arrived by then is in one.
      if (this.waiting.size === 0) setImmediate(() => this.turn());
      const arrived = decodeFrame(frame.rows).envelopes;
      const waiting = this.waiting.get(stream);
      if (waiting === undefined) this.waiting.set(stream, [...arrived]);
      else waiting.push(...arrived);
    });
    stream.on("end", () => stream.end());
    stream.on("error", () => this.waiting.delete(stream));
  };

  private turn(): void {
    const turn = [...this.waiting];
    this.waiting.clear();
    const answers: [Stream, Envelope[]][] = [];
    this.store.commit(() => {
      for (const [stream, envelopes] of turn)
        answers.push([stream, envelopes.flatMap((envelope) => this.answerTo(envelope))]);
    });
    for (const [stream, envelopes] of answers)
      for (const rows of encodeEnvelopes(envelopes)) stream.write({ frame: { version: 1, rows, sequence: 0 } });
  }

  private answerTo({ transaction, protocol, body }: Envelope): Envelope[] {
    if (body.kind !== "commit-one-phase" || body.work === null) return [];
    const results = unpackWork(body.work).map((operation) => this.run(operation));
    return [
      {
        transaction,
        protocol,
        body: { kind: "one-phase-result", outcome: "committed", result: packResults(results) },
      },
    ];
  }

  private run({ statement: sql, parameters, expectRows }: SqlOperation): OperationResult {
    let statement = this.statements.get(sql);
    if (statement === undefined) this.statements.set(sql, (statement = this.store.database.prepare(sql)));
    const { changes } = statement.run(parameters);
    if (expectRows !== null && changes !== expectRows) throw new Error(`${sql} changed ${changes} rows`);
    return { rowsAffected: changes, columns: [], rows: [] };
  }
}

export const methods = {
  /** Gives the address. */
  serve: async ({ file }: { readonly file: string }): Promise<string> => {
    const server = new FanOutServer(file);
    const implementation = { Link: server.link };
    const { address } = await serve({
      address: "127.0.0.1:0",
      tls: null,
      services: [{ definition: services.peer, implementation }],
    });
    return address;
  },
};
