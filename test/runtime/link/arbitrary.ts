/** Any envelope and any side item, for properties of the codec. */

import * as fc from "fast-check";
import {
  abortReasons,
  BALLOT_ZERO,
  protocols,
  transactionId,
  type AbortReason,
  type Ballot,
  type BranchToken,
  type Membership,
  type Election,
  type Message,
  type MessageKind,
  type ProtocolName,
  type Word,
} from "../../../protocols/index.ts";
import { rangeText } from "../../../runtime/engine/index.ts";
import type { Envelope } from "../../../runtime/engine/index.ts";
import type { SideItem } from "../../../runtime/link/index.ts";

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 });
const text = fc.string({ unit: "grapheme", maxLength: 40 });
const bytes = fc.uint8Array({ maxLength: 80 });
const node = fc.constantFrom("bank-a", "bank-b", "c1", "Coordinator_2", "x");
const reason: fc.Arbitrary<AbortReason> = fc.constantFrom(...abortReasons);
const token: fc.Arbitrary<BranchToken> = fc.record({ incarnation: count, number: count });
const maybeToken = fc.option(token);
const election: fc.Arbitrary<Election> = fc.oneof(
  fc.record({ round: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 1 }), node }),
  fc.constant({ round: 0, node: "" }),
);
const decision = fc.constantFrom("commit" as const, "abort" as const);

export const anyId = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(node, fc.nat({ max: 3 }), fc.nat({ max: 5000 })).map((of) => transactionId(...of)) },
  { weight: 2, arbitrary: fc.tuple(node, count, count).map((of) => transactionId(...of)) },
  text,
  // Of the right shape, and not as an id is written.
  fc.constantFrom("c1.0001.00000ABC", "c1.00001.00000001", "c1.0001.000000001", ".0001.00000001", "00000001", ""),
);

/** What a watermark leaves open. */
const openIds = fc.oneof(
  anyId,
  fc
    .tuple(node, fc.nat({ max: 5000 }), fc.nat({ max: 5000 }))
    .map(([of, a, b]) =>
      rangeText({ first: transactionId(of, 1, Math.min(a, b)), last: transactionId(of, 1, Math.max(a, b)) }),
    ),
);

const ballot: fc.Arbitrary<Ballot> = fc.oneof(
  fc.constant(BALLOT_ZERO),
  fc.record({ counter: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 1 }), node, incarnation: count }),
);
const nodes = fc.array(node, { maxLength: 6 });
const membership: fc.Arbitrary<Membership> = fc.record({
  coordinator: node,
  participants: nodes,
  group: fc.record({ version: count, acceptors: nodes }),
});
const value = fc.constantFrom("prepared" as const, "aborted" as const);
const proposals = fc.array(fc.record({ participant: node, value }), { maxLength: 6 });
const words: fc.Arbitrary<Word[]> = fc.array(
  fc.record({ participant: node, result: bytes, reason: fc.option(reason), detail: text }),
  { maxLength: 3 },
);
/** The compiler asks for every kind of message. */
const bodies: { readonly [K in MessageKind]: fc.Arbitrary<Extract<Message, { kind: K }>> } = {
  work: fc.record({ kind: fc.constant("work"), token: maybeToken, item: count, work: bytes }),
  worked: fc.record({ kind: fc.constant("worked"), token, item: count, result: bytes }),
  "work-failed": fc.record({
    kind: fc.constant("work-failed"),
    token: maybeToken,
    item: count,
    reason,
    detail: text,
    usable: fc.boolean(),
  }),
  prepare: fc.record({
    kind: fc.constant("prepare"),
    participants: fc.array(node, { maxLength: 6 }),
    token: maybeToken,
    workCount: count,
    work: fc.option(bytes),
  }),
  vote: fc.oneof(
    fc.record({ kind: fc.constant("vote"), vote: fc.constantFrom("yes", "read-only"), result: bytes }),
    fc.record({ kind: fc.constant("vote"), vote: fc.constant("no"), reason, detail: text }),
  ),
  decision: fc.record({ kind: fc.constant("decision"), decision }),
  "last-work": fc.record({
    kind: fc.constant("last-work"),
    participants: fc.array(node, { maxLength: 6 }),
    token: maybeToken,
    workCount: count,
    work: fc.option(bytes),
  }),
  "decision-request": fc.constant({ kind: "decision-request" }),
  "decision-reply": fc.record({
    kind: fc.constant("decision-reply"),
    answer: fc.constantFrom("commit", "abort", "uncertain", "unknown"),
  }),
  forget: fc.constant({ kind: "forget" }),
  ack: fc.record({ kind: fc.constant("ack"), decision, heuristic: fc.option(text) }),
  inquire: fc.constant({ kind: "inquire" }),
  pending: fc.constant({ kind: "pending" }),
  "not-mine": fc.constant({ kind: "not-mine" }),
  "commit-one-phase": fc.record({
    kind: fc.constant("commit-one-phase"),
    token: maybeToken,
    workCount: count,
    work: fc.option(bytes),
  }),
  "resolve-one-phase": fc.constant({ kind: "resolve-one-phase" }),
  "one-phase-result": fc.oneof(
    fc.record({ kind: fc.constant("one-phase-result"), outcome: fc.constant("committed"), result: bytes }),
    fc.record({ kind: fc.constant("one-phase-result"), outcome: fc.constant("aborted"), reason, detail: text }),
  ),
  "paxos-prepare": fc.record({
    kind: fc.constant("paxos-prepare"),
    membership,
    token: maybeToken,
    workCount: count,
    work: fc.option(bytes),
  }),
  "paxos-last-work": fc.record({
    kind: fc.constant("paxos-last-work"),
    membership,
    token: maybeToken,
    workCount: count,
    work: fc.option(bytes),
  }),
  "begin-commit": fc.record({ kind: fc.constant("begin-commit"), membership }),
  "phase-1a": fc.record({ kind: fc.constant("phase-1a"), ballot }),
  "phase-1b": fc.record({
    kind: fc.constant("phase-1b"),
    ballot,
    membership: fc.option(membership),
    casts: fc.array(fc.record({ participant: node, value, ballot }), { maxLength: 4 }),
    star: fc.option(ballot),
    words,
  }),
  "phase-2a": fc.record({
    kind: fc.constant("phase-2a"),
    ballot,
    membership: fc.option(membership),
    proposals,
    words,
    begins: fc.boolean(),
  }),
  "phase-2b": fc.record({
    kind: fc.constant("phase-2b"),
    ballot,
    membership: fc.option(membership),
    accepted: proposals,
    words,
  }),
  nack: fc.record({ kind: fc.constant("nack"), ballot }),
  "outcome-request": fc.record({ kind: fc.constant("outcome-request"), membership: fc.option(membership) }),
  close: fc.record({ kind: fc.constant("close"), decision }),
  forgotten: fc.record({ kind: fc.constant("forgotten"), decision: fc.option(decision) }),
  precommit: fc.record({ kind: fc.constant("precommit"), election }),
  preabort: fc.record({ kind: fc.constant("preabort"), election }),
  "attempt-ack": fc.record({ kind: fc.constant("attempt-ack"), election }),
  refused: fc.record({ kind: fc.constant("refused"), elected: election }),
  "state-request": fc.record({ kind: fc.constant("state-request"), election }),
  "state-report": fc.record({
    kind: fc.constant("state-report"),
    election,
    state: fc.constantFrom("waiting", "precommitted", "preaborted", "committed", "aborted", "unknown"),
    attempt: election,
    restarted: fc.boolean(),
  }),
};

export const anyEnvelope: fc.Arbitrary<Envelope> = fc
  .tuple(
    anyId,
    fc.constantFrom(...(Object.keys(protocols) as ProtocolName[])),
    fc.oneof(...Object.values(bodies)),
    fc.option(count),
    fc.option(fc.nat({ max: 2 ** 31 - 1 })),
  )
  .map(([transaction, protocol, body, timeoutMs, stamp]) => ({
    transaction,
    protocol,
    body,
    ...(timeoutMs === null ? {} : { timeoutMs }),
    ...(stamp === null ? {} : { stamp }),
  }));

export const anySideItem: fc.Arbitrary<SideItem> = fc.oneof(
  fc.record({ kind: fc.constant("watermark" as const), below: anyId, except: fc.array(openIds, { maxLength: 20 }) }),
  fc.record({
    kind: fc.constant("call" as const),
    id: count,
    method: fc.constantFrom("query" as const, "list-branches" as const),
    timeoutMs: count,
    payload: bytes,
  }),
  fc.record({ kind: fc.constant("return" as const), id: count, ok: fc.constant(true as const), payload: bytes }),
  fc.record({
    kind: fc.constant("return" as const),
    id: count,
    ok: fc.constant(false as const),
    error: fc.record({ reason: text, message: text }),
  }),
  fc.record({
    kind: fc.constant("roster" as const),
    members: fc.array(
      fc.record({
        node,
        role: fc.constantFrom("coordinator" as const, "participant" as const, "acceptor" as const),
        address: text,
      }),
      { maxLength: 6 },
    ),
  }),
);
