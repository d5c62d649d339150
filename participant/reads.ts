/** Reads at a participant: committed data, and what is open; asked directly or through a coordinator's link. */

import { NemconError } from "../runtime/errors/index.ts";
import {
  resultToProto,
  services,
  sqlFromProto,
  type ListBranchesAnswer,
  type QueryAnswer,
  type QueryMessage,
  type Return,
} from "../runtime/link/index.ts";
import { Refusal, type QueryLimits, type SqliteResource } from "./resources/sqlite/index.ts";
import type { Participant } from "./wiring.ts";

const DEFAULT_MS = 10_000;

export class Reads {
  private readonly node: string;
  private readonly participant: Participant;
  private readonly resource: SqliteResource;
  private readonly limits: Pick<QueryLimits, "rows" | "bytes">;

  constructor(
    node: string,
    participant: Participant,
    resource: SqliteResource,
    limits: Pick<QueryLimits, "rows" | "bytes">,
  ) {
    this.node = node;
    this.participant = participant;
    this.resource = resource;
    this.limits = limits;
  }

  /** @throws NemconError QUERY_REFUSED, QUERY_FAILED, TOO_MANY_ROWS, DEADLINE_EXCEEDED, INVALID_REQUEST */
  query({ participant, sql, timeoutMs }: QueryMessage): QueryAnswer {
    this.checkName(participant);
    if (sql === null) throw new NemconError("INVALID_REQUEST", "The query has no sql.");
    const endMs = performance.now() + (timeoutMs === 0 ? DEFAULT_MS : timeoutMs);
    try {
      const result = this.resource.query(sqlFromProto(sql), {
        ...this.limits,
        isOver: () => performance.now() > endMs,
      });
      return { result: resultToProto(result) };
    } catch (thrown) {
      throw thrown instanceof Refusal ? readError(thrown) : thrown;
    }
  }

  branches(participant: string): ListBranchesAnswer {
    this.checkName(participant);
    const nowMs = Date.now();
    return {
      branches: this.participant.branches().map(({ participants, sinceMs, ...branch }) => ({
        ...branch,
        participants: [...participants],
        sinceMs: Math.max(0, nowMs - sinceMs),
        locks: this.resource.locks(branch.transaction),
      })),
    };
  }

  /** A read that a coordinator relays. */
  answer(id: number, method: "query" | "list-branches", payload: Uint8Array): Return {
    const { Query, ListBranches } = services.participant;
    try {
      const bytes = Buffer.from(payload);
      const answer =
        method === "query"
          ? Query.responseSerialize(this.query(Query.requestDeserialize(bytes)))
          : ListBranches.responseSerialize(this.branches(ListBranches.requestDeserialize(bytes).participant));
      return { kind: "return", id, ok: true, payload: answer };
    } catch (thrown) {
      const { reason, message } = NemconError.from(thrown);
      return { kind: "return", id, ok: false, error: { reason, message } };
    }
  }

  private checkName(participant: string): void {
    if (participant === "" || participant === this.node) return;
    throw new NemconError(
      "UNKNOWN_PARTICIPANT",
      `This is ${this.node}, not ${participant}. Ask ${participant}, or a coordinator.`,
    );
  }
}

function readError({ reason, message }: Refusal): NemconError {
  switch (reason) {
    case "STATEMENT_REFUSED":
      return new NemconError("QUERY_REFUSED", message);
    case "LIMIT_EXCEEDED":
      return new NemconError("TOO_MANY_ROWS", message);
    case "TIMEOUT":
      return new NemconError("DEADLINE_EXCEEDED", message);
    default:
      return new NemconError("QUERY_FAILED", message);
  }
}
