/**
 * The packed layout of a journal row: the only file that knows it. `docs/journal.md` draws it and
 * `test/golden/journal` holds its bytes; any change of what is written raises `ROW_FORMAT`.
 *
 *   byte     format
 *   4 bytes  checksum: CRC-32 of all that follows, seeded with the format; little-endian
 *   varint   sequence, incarnation, chain (the checksum of the row before, or the log's origin)
 *   entries, one after the other, until the end
 *
 * Names of nodes are written once a row and referred to by number afterwards: a row repeats few of them often.
 */

import { crc32 } from "node:zlib";

import {
  BALLOT_ZERO,
  type AbortReason,
  type Ballot,
  type BranchToken,
  type Closed,
  type Decision,
  type Election,
  type LogRecord,
  type Membership,
  type NodeId,
  type Proposal,
  type ProtocolName,
  type Value,
} from "../../protocols/index.ts";
import type { Entry, PeerRole } from "../engine/index.ts";
import { Reader, UnreadableBytes, Writer } from "../packing/index.ts";

export const ROW_FORMAT = 1;
const CHECKSUM_AT = 1;
const HEADER_BYTES = 5;

/** What every row says of itself. */
export interface RowHeader {
  readonly sequence: number;
  readonly incarnation: number;
  /** The checksum of the row before: rows of another journal, or of another copy, do not fit. */
  readonly chain: number;
}

// The numbers below are on disk: a new name takes a new number, and none is used twice.

const entryTags = {
  record: 1,
  closed: 2,
  dropped: 3,
  watermark: 4,
  forgotten: 5,
  peer: 6,
  group: 7,
} as const satisfies Record<Entry["kind"], number>;
const recordTags = {
  commit: 1,
  "one-phase": 2,
  prepare: 3,
  damaged: 4,
  collecting: 5,
  abort: 6,
  heuristic: 7,
  told: 8,
  "second-life": 9,
  "paxos-prepare": 20,
  promise: 21,
  accept: 22,
  precommit: 10,
  preabort: 11,
  elected: 12,
  decided: 13,
} as const satisfies Record<LogRecord["kind"], number>;
const protocolTags = {
  "2pc": 1,
  "2pc-presumed-nothing": 2,
  "2pc-presumed-commit": 3,
  "3pc": 4,
  "3pc-plain": 5,
  "paxos-commit": 6,
  "paxos-commit-fast": 7,
} as const satisfies Record<ProtocolName, number>;
const outcomeTags = { committed: 1, aborted: 2, heuristic: 3, "read-only": 4 } as const satisfies Record<
  Closed["outcome"],
  number
>;
const untilTags = { retention: 1, closed: 2, acknowledged: 3 } as const satisfies Record<Closed["until"], number>;
const roleTags = { coordinator: 1, participant: 2, acceptor: 3 } as const satisfies Record<PeerRole, number>;
const decisionTags = { commit: 1, abort: 2 } as const satisfies Record<Decision, number>;
const valueTags = { prepared: 1, aborted: 2 } as const satisfies Record<Value, number>;
/** 0: none. */
const reasonTags = {
  VOTED_NO: 1,
  CONFLICT: 2,
  EXPECTATION_FAILED: 3,
  CONSTRAINT: 4,
  STATEMENT_FAILED: 5,
  STATEMENT_REFUSED: 6,
  LIMIT_EXCEEDED: 7,
  TIMEOUT: 8,
  IDLE_TIMEOUT: 9,
  CANCELLED: 10,
  PARTICIPANT_UNREACHABLE: 11,
  BRANCH_LOST: 12,
  COORDINATOR_RESTARTED: 13,
  PRESUMED: 14,
  RESOURCE_FAILED: 15,
} as const satisfies Record<AbortReason, number>;

function namesOf<Name extends string>(tags: Readonly<Record<Name, number>>): ReadonlyMap<number, Name> {
  return new Map((Object.keys(tags) as Name[]).map((name) => [tags[name], name]));
}

const protocolNames = namesOf(protocolTags);
const outcomeNames = namesOf(outcomeTags);
const untilNames = namesOf(untilTags);
const roleNames = namesOf(roleTags);
const decisionNames = namesOf(decisionTags);
const valueNames = namesOf(valueTags);
const reasonNames = namesOf(reasonTags);

/** Packs one row after the other; its buffer is used again for each. */
export class RowWriter {
  private readonly out = new Writer(64 * 1024);
  private readonly nodes = new Map<NodeId, number>();

  /** Begins the row that follows one whose checksum is `header.chain`. */
  begin(header: RowHeader): void {
    this.nodes.clear();
    this.out.byte(ROW_FORMAT).byte(0).byte(0).byte(0).byte(0);
    this.out.varint(header.sequence).varint(header.incarnation).varint(header.chain);
  }

  get sizeBytes(): number {
    return this.out.sizeBytes;
  }

  add(entry: Entry): void {
    const { out } = this;
    out.byte(entryTags[entry.kind]);
    switch (entry.kind) {
      case "record":
        out.text(entry.transaction).byte(protocolTags[entry.protocol]);
        return this.record(entry.record);
      case "closed":
        out.text(entry.transaction).byte(protocolTags[entry.protocol]).varint(entry.atMs);
        return this.closed(entry.outcome);
      case "dropped":
        out.text(entry.transaction);
        return;
      case "watermark":
        this.node(entry.coordinator);
        out.text(entry.below).varint(entry.except.length);
        for (const id of entry.except) out.text(id);
        return;
      case "forgotten":
        out.text(entry.through);
        return;
      case "peer":
        this.node(entry.node);
        out
          .byte(roleTags[entry.role])
          .text(entry.log)
          .varint(entry.incarnation)
          .varint(entry.boot)
          .varint(entry.sequence);
        return;
      case "group":
        out.varint(entry.version).text(entry.from).varint(entry.acceptors.length);
        for (const { node, address } of entry.acceptors) {
          this.node(node);
          out.text(address);
        }
        out.text(entry.reason).varint(entry.atMs);
        return;
      default:
        entry satisfies never;
    }
  }

  /** Ends the row. `checksum` is the next row's chain. */
  finish(): { readonly body: Buffer; readonly checksum: number } {
    const body = this.out.take();
    const checksum = crc32(body.subarray(HEADER_BYTES), ROW_FORMAT);
    body.writeUInt32LE(checksum, CHECKSUM_AT);
    return { body, checksum };
  }

  private record(record: LogRecord): void {
    const { out } = this;
    out.byte(recordTags[record.kind]);
    switch (record.kind) {
      case "commit":
      case "collecting":
        return this.nodeList(record.participants);
      case "abort":
        this.nodeList(record.participants);
        out.byte(reasonTags[record.reason]).text(record.detail);
        return;
      case "one-phase":
        return this.node(record.participant);
      case "prepare":
        this.node(record.coordinator);
        this.nodeList(record.participants);
        this.token(record.token);
        out.bytes(record.redo).bytes(record.result);
        return;
      case "damaged":
        out.byte(decisionTags[record.decision]).text(record.detail);
        return;
      case "paxos-prepare":
        this.membership(record.membership);
        this.token(record.token);
        out.byte(record.redo === null ? 0 : 1);
        if (record.redo !== null) out.bytes(record.redo);
        out.bytes(record.result);
        return;
      case "promise":
        return this.ballot(record.ballot);
      case "accept":
        this.ballot(record.ballot);
        out.byte(record.membership === null ? 0 : 1);
        if (record.membership === null) return;
        this.membership(record.membership);
        return this.proposals(record.proposals);
      case "heuristic":
        out.byte(decisionTags[record.did]).text(record.reason);
        return;
      case "told":
        out.byte(decisionTags[record.decision]);
        return;
      case "second-life":
        return;
      case "precommit":
      case "preabort":
        this.election(record.election);
        return this.nodeList(record.participants);
      case "elected":
        return this.election(record.election);
      case "decided":
        out.byte(decisionTags[record.decision]).byte(record.reason === null ? 0 : reasonTags[record.reason]);
        out.text(record.detail);
        return this.nodeList(record.participants);
      default:
        record satisfies never;
    }
  }

  private closed(closed: Closed): void {
    const { out } = this;
    out.byte(outcomeTags[closed.outcome]).byte(closed.reason === null ? 0 : reasonTags[closed.reason]);
    out.text(closed.detail).byte(closed.result === null ? 0 : 1);
    if (closed.result !== null) out.bytes(closed.result);
    this.nodeList(closed.participants);
    out.byte(untilTags[closed.until]);
  }

  private election({ round, node }: Election): void {
    this.out.varint(round);
    this.node(node);
  }

  private token(token: BranchToken | null): void {
    this.out.byte(token === null ? 0 : 1);
    if (token !== null) this.out.varint(token.incarnation).varint(token.number);
  }

  private ballot({ counter, node, incarnation }: Ballot): void {
    this.out.varint(counter);
    if (counter === 0) return;
    this.node(node);
    this.out.varint(incarnation);
  }

  private membership({ coordinator, participants, group }: Membership): void {
    this.node(coordinator);
    this.nodeList(participants);
    this.out.varint(group.version);
    this.nodeList(group.acceptors);
  }

  private proposals(proposals: readonly Proposal[]): void {
    this.out.varint(proposals.length);
    for (const { participant, value } of proposals) {
      this.node(participant);
      this.out.byte(valueTags[value]);
    }
  }

  /** 0 and the name where the row has not named it yet, else its number from 1 on. */
  private node(node: NodeId): void {
    const known = this.nodes.get(node);
    if (known !== undefined) {
      this.out.varint(known);
      return;
    }
    this.nodes.set(node, this.nodes.size + 1);
    this.out.varint(0).text(node);
  }

  private nodeList(nodes: readonly NodeId[]): void {
    this.out.varint(nodes.length);
    for (const node of nodes) this.node(node);
  }
}

/** The format that a row says it has; null where it is no row. */
export function formatOf(body: Uint8Array): number | null {
  return body.length > HEADER_BYTES ? (body[0] ?? null) : null;
}

/** The checksum that a row says it has: the chain of the row after it. */
export function checksumOf(body: Buffer): number {
  return body.readUInt32LE(CHECKSUM_AT);
}

/** true: the row holds the bytes that were written, and its format is not damaged either. */
export function isWhole(body: Buffer): boolean {
  return body.length > HEADER_BYTES && crc32(body.subarray(HEADER_BYTES), body[0]) === checksumOf(body);
}

/** @throws UnreadableBytes */
export function readHeader(body: Uint8Array): RowHeader {
  return headerFrom(new Reader(body.subarray(HEADER_BYTES)));
}

/**
 * Unpacks the entries of a row of this format that is whole. The bytes in them are copies.
 * @throws UnreadableBytes where the row holds a tag that this version does not know
 */
export function readEntries(body: Uint8Array): Entry[] {
  const from = new Reader(body.subarray(HEADER_BYTES));
  headerFrom(from);
  const reader = new EntryReader(from);
  const entries: Entry[] = [];
  while (!from.done) entries.push(reader.entry());
  return entries;
}

function headerFrom(from: Reader): RowHeader {
  return { sequence: from.varint(), incarnation: from.varint(), chain: from.varint() };
}

class EntryReader {
  private readonly from: Reader;
  private readonly nodes: NodeId[] = [];

  constructor(from: Reader) {
    this.from = from;
  }

  entry(): Entry {
    const { from } = this;
    const tag = from.byte();
    switch (tag) {
      case entryTags.record:
        return {
          kind: "record",
          transaction: from.idText(),
          protocol: this.name(protocolNames),
          record: this.record(),
        };
      case entryTags.closed:
        return this.closed();
      case entryTags.dropped:
        return { kind: "dropped", transaction: from.idText() };
      case entryTags.watermark:
        return {
          kind: "watermark",
          coordinator: this.node(),
          below: from.text(),
          except: this.many(() => from.text()),
        };
      case entryTags.forgotten:
        return { kind: "forgotten", through: from.text() };
      case entryTags.peer:
        return {
          kind: "peer",
          node: this.node(),
          role: this.name(roleNames),
          log: from.text(),
          incarnation: from.varint(),
          boot: from.varint(),
          sequence: from.varint(),
        };
      case entryTags.group:
        return {
          kind: "group",
          version: from.varint(),
          from: from.text(),
          acceptors: this.many(() => ({ node: this.node(), address: from.text() })),
          reason: from.text(),
          atMs: from.varint(),
        };
      default:
        throw new UnreadableBytes(`no entry has the tag ${tag}`);
    }
  }

  private record(): LogRecord {
    const { from } = this;
    const tag = from.byte();
    switch (tag) {
      case recordTags.commit:
        return { kind: "commit", participants: this.nodeList() };
      case recordTags["one-phase"]:
        return { kind: "one-phase", participant: this.node() };
      case recordTags.prepare:
        return {
          kind: "prepare",
          coordinator: this.node(),
          participants: this.nodeList(),
          token: this.token(),
          redo: this.bytes(),
          result: this.bytes(),
        };
      case recordTags.damaged:
        return { kind: "damaged", decision: this.committed(), detail: from.text() };
      case recordTags["paxos-prepare"]:
        return {
          kind: "paxos-prepare",
          membership: this.membership(),
          token: this.token(),
          redo: from.byte() === 0 ? null : this.bytes(),
          result: this.bytes(),
        };
      case recordTags.promise:
        return { kind: "promise", ballot: this.ballot() };
      case recordTags.accept: {
        const ballot = this.ballot();
        if (from.byte() === 0) return { kind: "accept", ballot, membership: null, proposals: [] };
        return { kind: "accept", ballot, membership: this.membership(), proposals: this.proposals() };
      }
      case recordTags.collecting:
        return { kind: "collecting", participants: this.nodeList() };
      case recordTags.abort:
        return {
          kind: "abort",
          participants: this.nodeList(),
          reason: this.name(reasonNames),
          detail: from.text(),
        };
      case recordTags.heuristic:
        return { kind: "heuristic", did: this.name(decisionNames), reason: from.text() };
      case recordTags.told:
        return { kind: "told", decision: this.name(decisionNames) };
      case recordTags["second-life"]:
        return { kind: "second-life" };
      case recordTags.precommit:
        return { kind: "precommit", election: this.election(), participants: this.nodeList() };
      case recordTags.preabort:
        return { kind: "preabort", election: this.election(), participants: this.nodeList() };
      case recordTags.elected:
        return { kind: "elected", election: this.election() };
      case recordTags.decided: {
        const decision = this.name(decisionNames);
        const reason = from.byte();
        return {
          kind: "decided",
          decision,
          reason: reason === 0 ? null : named(reasonNames, reason),
          detail: from.text(),
          participants: this.nodeList(),
        };
      }
      default:
        throw new UnreadableBytes(`no record has the tag ${tag}`);
    }
  }

  private closed(): Entry {
    const { from } = this;
    const transaction = from.idText();
    const protocol = this.name(protocolNames);
    const atMs = from.varint();
    const outcome = this.name(outcomeNames);
    const reason = from.byte();
    return {
      kind: "closed",
      transaction,
      protocol,
      outcome: {
        outcome,
        reason: reason === 0 ? null : named(reasonNames, reason),
        detail: from.text(),
        result: from.byte() === 0 ? null : this.bytes(),
        participants: this.nodeList(),
        until: this.name(untilNames),
      },
      atMs,
    };
  }

  /** Nothing but a commit is damaged. */
  private committed(): "commit" {
    const decision = this.name(decisionNames);
    if (decision !== "commit") throw new UnreadableBytes(`a damaged ${decision}`);
    return decision;
  }

  private token(): BranchToken | null {
    const { from } = this;
    return from.byte() === 0 ? null : { incarnation: from.varint(), number: from.varint() };
  }

  private ballot(): Ballot {
    const counter = this.from.varint();
    if (counter === 0) return BALLOT_ZERO;
    return { counter, node: this.node(), incarnation: this.from.varint() };
  }

  private membership(): Membership {
    return {
      coordinator: this.node(),
      participants: this.nodeList(),
      group: { version: this.from.varint(), acceptors: this.nodeList() },
    };
  }

  private proposals(): Proposal[] {
    return this.many(() => ({ participant: this.node(), value: this.name(valueNames) }));
  }

  private election(): Election {
    return { round: this.from.varint(), node: this.node() };
  }

  private name<Name extends string>(names: ReadonlyMap<number, Name>): Name {
    return named(names, this.from.byte());
  }

  private node(): NodeId {
    const number = this.from.varint();
    if (number === 0) {
      const node = this.from.text();
      this.nodes.push(node);
      return node;
    }
    const node = this.nodes[number - 1];
    if (node === undefined) throw new UnreadableBytes(`no node has the number ${number} in this row`);
    return node;
  }

  private nodeList(): NodeId[] {
    return this.many(() => this.node());
  }

  /** Entries outlive the row that they were read from. */
  private bytes(): Uint8Array {
    return new Uint8Array(this.from.bytes());
  }

  private many<Item>(read: () => Item): Item[] {
    const items: Item[] = [];
    for (let left = this.from.varint(); left > 0; left -= 1) items.push(read());
    return items;
  }
}

function named<Name extends string>(names: ReadonlyMap<number, Name>, number: number): Name {
  const name = names.get(number);
  if (name === undefined) throw new UnreadableBytes(`${number} is not one of ${[...names.values()].join(", ")}`);
  return name;
}
