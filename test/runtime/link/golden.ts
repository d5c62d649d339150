/** The frames whose bytes are kept in test/golden/frames: at least one of every kind. */

import type { Message, MessageKind } from "../../../protocols/index.ts";
import type { Envelope } from "../../../runtime/engine/index.ts";
import type { SideItem } from "../../../runtime/link/index.ts";

const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const token = { incarnation: 3, number: 17 };
const membership = {
  coordinator: "c1",
  participants: ["bank-a", "bank-b"],
  group: { version: 2, acceptors: ["acc-1", "acc-2", "acc-3"] },
};
const zero = { counter: 0, node: "", incarnation: 0 };
const ballot = { counter: 2, node: "c2", incarnation: 300 };

function of(body: Message, timeoutMs?: number): Envelope {
  const envelope = { transaction: "c1.0002.0000001z", protocol: "2pc" as const, body };
  return timeoutMs === undefined ? envelope : { ...envelope, timeoutMs };
}

/** The compiler asks for every kind of message. */
const bodies: { readonly [K in MessageKind]: readonly Extract<Message, { kind: K }>[] } = {
  work: [
    { kind: "work", token: null, item: 1, work: ascii("first") },
    { kind: "work", token, item: 2, work: ascii("second") },
  ],
  worked: [{ kind: "worked", token, item: 2, result: ascii("rows") }],
  "work-failed": [
    { kind: "work-failed", token: null, item: 1, reason: "CONFLICT", detail: "row 7", usable: false },
    { kind: "work-failed", token, item: 2, reason: "STATEMENT_FAILED", detail: "syntax", usable: true },
  ],
  prepare: [
    { kind: "prepare", participants: ["bank-a", "bank-b"], token: null, workCount: 1, work: ascii("all of it") },
    { kind: "prepare", participants: ["bank-b", "bank-a"], token, workCount: 300, work: null },
  ],
  vote: [
    { kind: "vote", vote: "yes", result: ascii("rows") },
    { kind: "vote", vote: "read-only", result: ascii("") },
    { kind: "vote", vote: "no", reason: "EXPECTATION_FAILED", detail: "0 rows, 1 wanted" },
  ],
  decision: [
    { kind: "decision", decision: "commit" },
    { kind: "decision", decision: "abort" },
  ],
  ack: [
    { kind: "ack", decision: "commit", heuristic: null },
    { kind: "ack", decision: "abort", heuristic: "committed by hand" },
  ],
  "last-work": [
    { kind: "last-work", participants: ["bank-a", "bank-b"], token, workCount: 2, work: ascii("third") },
    { kind: "last-work", participants: ["bank-b", "bank-a"], token: null, workCount: 0, work: ascii("all of it") },
  ],
  "decision-request": [{ kind: "decision-request" }],
  "decision-reply": (["commit", "abort", "uncertain", "unknown"] as const).map((answer) => ({
    kind: "decision-reply",
    answer,
  })),
  forget: [{ kind: "forget" }],
  inquire: [{ kind: "inquire" }],
  pending: [{ kind: "pending" }],
  "not-mine": [{ kind: "not-mine" }],
  "commit-one-phase": [
    { kind: "commit-one-phase", token: null, workCount: 1, work: ascii("all of it") },
    { kind: "commit-one-phase", token, workCount: 2, work: null },
  ],
  "resolve-one-phase": [{ kind: "resolve-one-phase" }],
  "one-phase-result": [
    { kind: "one-phase-result", outcome: "committed", result: ascii("rows") },
    { kind: "one-phase-result", outcome: "aborted", reason: "CONSTRAINT", detail: "balance >= 0" },
  ],
  "paxos-prepare": [
    { kind: "paxos-prepare", membership, token: null, workCount: 0, work: ascii("all of it") },
    { kind: "paxos-prepare", membership, token, workCount: 300, work: null },
  ],
  "paxos-last-work": [{ kind: "paxos-last-work", membership, token, workCount: 2, work: ascii("the last") }],
  "begin-commit": [{ kind: "begin-commit", membership }],
  "phase-1a": [{ kind: "phase-1a", ballot }],
  "phase-1b": [
    { kind: "phase-1b", ballot, membership: null, casts: [], star: null, words: [] },
    {
      kind: "phase-1b",
      ballot,
      membership,
      casts: [
        { participant: "bank-a", value: "prepared", ballot: zero },
        { participant: "bank-b", value: "aborted", ballot: { counter: 1, node: "c1", incarnation: 2 } },
      ],
      star: { counter: 1, node: "c2", incarnation: 300 },
      words: [{ participant: "bank-a", result: ascii("rows"), reason: null, detail: "" }],
    },
  ],
  "phase-2a": [
    {
      kind: "phase-2a",
      ballot: zero,
      membership,
      proposals: [{ participant: "bank-a", value: "prepared" }],
      words: [{ participant: "bank-a", result: ascii("rows"), reason: null, detail: "" }],
      begins: true,
    },
    {
      kind: "phase-2a",
      ballot,
      membership,
      proposals: [
        { participant: "bank-a", value: "prepared" },
        { participant: "bank-b", value: "aborted" },
      ],
      words: [],
      begins: false,
    },
    { kind: "phase-2a", ballot, membership: null, proposals: [], words: [], begins: false },
  ],
  "phase-2b": [
    {
      kind: "phase-2b",
      ballot: zero,
      membership,
      accepted: [{ participant: "bank-b", value: "aborted" }],
      words: [{ participant: "bank-b", result: ascii(""), reason: "CONFLICT", detail: "row 7" }],
    },
    { kind: "phase-2b", ballot, membership: null, accepted: [], words: [] },
  ],
  nack: [{ kind: "nack", ballot }],
  "outcome-request": [
    { kind: "outcome-request", membership },
    { kind: "outcome-request", membership: null },
  ],
  close: [{ kind: "close", decision: "commit" }],
  forgotten: [
    { kind: "forgotten", decision: "abort" },
    { kind: "forgotten", decision: null },
  ],
  precommit: [{ kind: "precommit", election: { round: 1, node: "c1" } }],
  preabort: [{ kind: "preabort", election: { round: 300, node: "bank-a" } }],
  "attempt-ack": [{ kind: "attempt-ack", election: { round: 1, node: "c1" } }],
  refused: [{ kind: "refused", elected: { round: 2, node: "bank-b" } }],
  "state-request": [
    { kind: "state-request", election: { round: 2, node: "bank-b" } },
    { kind: "state-request", election: { round: 0, node: "" } },
  ],
  "state-report": (["waiting", "precommitted", "preaborted", "committed", "aborted", "unknown"] as const).map(
    (state, at) => ({
      kind: "state-report",
      election: { round: 2, node: "bank-b" },
      state,
      attempt: at === 0 ? { round: 0, node: "" } : { round: at, node: "c1" },
      restarted: at === 1,
    }),
  ),
};

const side: { readonly [K in SideItem["kind"]]: readonly Extract<SideItem, { kind: K }>[] } = {
  watermark: [{ kind: "watermark", below: "c1.0002.0000001z", except: ["c1.0002.0000001a", "c1.0001.00000zzz"] }],
  call: [
    { kind: "call", id: 5, method: "query", timeoutMs: 1500, payload: ascii("select") },
    { kind: "call", id: 6, method: "list-branches", timeoutMs: 0, payload: ascii("") },
  ],
  return: [
    { kind: "return", id: 5, ok: true, payload: ascii("rows") },
    { kind: "return", id: 6, ok: false, error: { reason: "QUERY_FAILED", message: "no such table" } },
  ],
  roster: [
    {
      kind: "roster",
      members: [
        { node: "acceptor-1", role: "acceptor", address: "127.0.0.1:7430" },
        { node: "bank-a", role: "participant", address: "127.0.0.1:7420" },
      ],
    },
  ],
};

export interface GoldenFrame {
  readonly comment: string;
  readonly frame: { readonly envelopes: readonly Envelope[] } | { readonly side: SideItem };
}

const whole: readonly GoldenFrame[] = [
  {
    comment: "a deadline",
    frame: { envelopes: [of({ kind: "prepare", participants: ["p"], token: null, workCount: 0, work: null }, 5000)] },
  },
  {
    comment: "ids of one coordinator, of another incarnation, of another coordinator, the largest sequence, no id",
    frame: {
      envelopes: [
        "c1.0002.0000001z",
        "c1.0002.00000020",
        "c1.0003.00000001",
        "c2.0001.00000001",
        "c1.0002.zzzzzzzz",
        "odd",
      ].map((transaction) => ({ transaction, protocol: "2pc", body: { kind: "inquire" } })),
    },
  },
];

/** By file name. */
export const goldenFrames: ReadonlyMap<string, readonly GoldenFrame[]> = new Map<string, readonly GoldenFrame[]>([
  ...Object.entries(bodies).map(([kind, list]): [string, GoldenFrame[]] => [
    kind,
    list.map((body) => ({ comment: show(body), frame: { envelopes: [of(body)] } })),
  ]),
  ...Object.entries(side).map(([kind, list]): [string, GoldenFrame[]] => [
    kind,
    list.map((item) => ({ comment: show(item), frame: { side: item } })),
  ]),
  ["frame", whole],
]);

function show(value: object): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner instanceof Uint8Array ? Buffer.from(inner).toString() : inner,
  );
}
