/** Entries to write, and what a child process is asked to write: without vitest, since the child has none. */
import type { Entry } from "../../../runtime/engine/index.ts";
import type { JournalOptions } from "../../../runtime/journal/index.ts";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** The prepare record of one participant's branch. */
export function prepared(sequence: number, redoBytes = 8): Entry {
  const record = {
    kind: "prepare",
    coordinator: "c-1",
    participants: ["bank-a", "bank-b"],
    token: null,
    redo: new Uint8Array(redoBytes).fill(sequence),
    result: bytes("ok"),
  } as const;
  return { kind: "record", transaction: `c-1.0001.${String(sequence).padStart(8, "0")}`, protocol: "2pc", record };
}

const membership = {
  coordinator: "c-1",
  participants: ["bank-a", "bank-b"],
  group: { version: 1, acceptors: ["acc-1", "acc-2", "acc-3"] },
};

/** Every kind of entry and record, each with its optional parts present and absent. The golden bytes are of this list: add at its end. */
export const everyEntry: readonly Entry[] = [
  {
    kind: "record",
    transaction: "c-1.0001.00000001",
    protocol: "2pc",
    record: {
      kind: "prepare",
      coordinator: "c-1",
      participants: ["bank-a", "bank-b"],
      token: { incarnation: 3, number: 300 },
      redo: Uint8Array.from([0, 1, 127, 128, 255]),
      result: bytes("r"),
    },
  },
  prepared(2, 0),
  {
    kind: "record",
    transaction: "c-1.0001.00000003",
    protocol: "2pc",
    record: { kind: "commit", participants: ["bank-b", "bank-c"] },
  },
  { kind: "record", transaction: "c-1.0001.00000004", protocol: "2pc", record: { kind: "commit", participants: [] } },
  {
    kind: "record",
    transaction: "c-1.0001.00000005",
    protocol: "2pc",
    record: { kind: "one-phase", participant: "bank-a" },
  },
  {
    kind: "record",
    transaction: "c-1.0001.00000006",
    protocol: "2pc",
    record: { kind: "damaged", decision: "commit", detail: "row 7 of account was changed by another program: naïve ✓" },
  },
  {
    kind: "closed",
    transaction: "c-1.0001.00000007",
    protocol: "2pc",
    outcome: {
      outcome: "committed",
      reason: null,
      detail: "",
      result: bytes("42"),
      participants: ["bank-a"],
      until: "retention",
    },
    atMs: 1_790_000_000_123,
  },
  {
    kind: "closed",
    transaction: "c-1.0001.00000008",
    protocol: "2pc",
    outcome: {
      outcome: "aborted",
      reason: "CONFLICT",
      detail: "row 1",
      result: null,
      participants: [],
      until: "closed",
    },
    atMs: 0,
  },
  {
    kind: "closed",
    transaction: "c-1.0001.00000009",
    protocol: "2pc",
    outcome: {
      outcome: "heuristic",
      reason: null,
      detail: "by hand",
      result: new Uint8Array(0),
      participants: ["bank-z"],
      until: "closed",
    },
    atMs: 1,
  },
  { kind: "dropped", transaction: "c-1.0001.0000000a" },
  {
    kind: "watermark",
    coordinator: "c-1",
    below: "c-1.0001.00000005",
    except: ["c-1.0001.00000002", "c-1.0001.00000003"],
  },
  { kind: "watermark", coordinator: "c-2", below: "c-2.0001.00000005", except: [] },
  { kind: "forgotten", through: "c-1.0001.00000001" },
  {
    kind: "peer",
    node: "bank-a",
    role: "participant",
    log: "0b9c5a5e-7d0e-4a43-9a55-0a4d1f5f1c11",
    incarnation: 9,
    boot: 4_294_967_295,
    sequence: 9_007_199_254_740_991,
  },
  { kind: "peer", node: "c-2", role: "coordinator", log: "", incarnation: 0, boot: 0, sequence: 0 },
  { kind: "peer", node: "acc-1", role: "acceptor", log: "x", incarnation: 1, boot: 128, sequence: 128 },
  {
    kind: "group",
    version: 2,
    from: "c-1.0001.0000000c",
    acceptors: [
      { node: "acc-1", address: "127.0.0.1:7430" },
      { node: "acc-4", address: "127.0.0.1:7433" },
    ],
    reason: "the disk of acc-3 is lost",
    atMs: 1_790_000_000_125,
  },
  { kind: "group", version: 1, from: "c-1.0001.00000001", acceptors: [], reason: "", atMs: 1_790_000_000_126 },
  {
    kind: "closed",
    transaction: "c-1.0001.0000000b",
    protocol: "2pc",
    outcome: { outcome: "read-only", reason: null, detail: "", result: null, participants: [], until: "retention" },
    atMs: 1_790_000_000_124,
  },
  {
    kind: "record",
    transaction: "c-1.0001.0000000c",
    protocol: "paxos-commit",
    record: {
      kind: "paxos-prepare",
      membership,
      token: { incarnation: 3, number: 1 },
      redo: Uint8Array.from([1, 2]),
      result: bytes("r"),
    },
  },
  {
    kind: "record",
    transaction: "c-1.0001.0000000d",
    protocol: "paxos-commit-fast",
    record: { kind: "paxos-prepare", membership, token: null, redo: null, result: bytes("") },
  },
  {
    kind: "record",
    transaction: "c-1.0001.0000000c",
    protocol: "paxos-commit",
    record: {
      kind: "accept",
      ballot: { counter: 0, node: "", incarnation: 0 },
      membership,
      proposals: [
        { participant: "bank-a", value: "prepared" },
        { participant: "bank-b", value: "aborted" },
      ],
    },
  },
  {
    kind: "record",
    transaction: "c-1.0001.0000000c",
    protocol: "paxos-commit",
    record: { kind: "promise", ballot: { counter: 1, node: "c-2", incarnation: 300 } },
  },
  {
    kind: "record",
    transaction: "c-1.0001.0000000e",
    protocol: "paxos-commit-fast",
    record: {
      kind: "accept",
      ballot: { counter: 2, node: "c-2", incarnation: 300 },
      membership: null,
      proposals: [],
    },
  },
  {
    kind: "record",
    transaction: "c-1.0001.00000010",
    protocol: "2pc-presumed-commit",
    record: { kind: "collecting", participants: ["bank-a", "bank-b"] },
  },
  {
    kind: "record",
    transaction: "c-1.0001.00000011",
    protocol: "2pc-presumed-nothing",
    record: { kind: "abort", participants: ["bank-a"], reason: "TIMEOUT", detail: "no vote in time from bank-b" },
  },
  {
    kind: "record",
    transaction: "c-1.0001.00000012",
    protocol: "2pc",
    record: { kind: "heuristic", did: "abort", reason: "the coordinator's disk is gone" },
  },
  {
    kind: "record",
    transaction: "c-1.0001.00000013",
    protocol: "2pc",
    record: { kind: "told", decision: "commit" },
  },
  {
    kind: "record",
    transaction: "c-1.0001.00000014",
    protocol: "2pc",
    record: { kind: "second-life" },
  },
  {
    kind: "record",
    transaction: "c-1.0001.00000030",
    protocol: "3pc",
    record: { kind: "precommit", election: { round: 1, node: "c-1" }, participants: ["bank-a", "bank-b"] },
  },
  {
    kind: "record",
    transaction: "c-1.0001.00000030",
    protocol: "3pc",
    record: { kind: "elected", election: { round: 300, node: "bank-b" } },
  },
  {
    kind: "record",
    transaction: "c-1.0001.00000030",
    protocol: "3pc",
    record: { kind: "preabort", election: { round: 300, node: "bank-b" }, participants: ["bank-a", "bank-b"] },
  },
  {
    kind: "record",
    transaction: "c-1.0001.00000030",
    protocol: "3pc",
    record: {
      kind: "decided",
      decision: "abort",
      participants: ["bank-a", "bank-b"],
      reason: "TIMEOUT",
      detail: "the sites aborted",
    },
  },
  {
    kind: "record",
    transaction: "c-1.0001.00000031",
    protocol: "3pc-plain",
    record: { kind: "decided", decision: "commit", participants: ["bank-a"], reason: null, detail: "" },
  },
];

/** What `child.ts` is asked for. */
export interface ChildTask {
  readonly file: string;
  /** Forced turns to write; before each an unforced entry is appended. */
  readonly turns: number;
  readonly redoBytes?: number;
  readonly walBytes?: number;
  readonly faults?: JournalOptions["faults"];
  /** After the turns: an unforced entry and SIGKILL, a close, or staying until killed. */
  readonly atEnd: "kill" | "close" | "stay";
}
