/**
 * The packed layout of a frame's `rows`, version 1: the wire between two nodes is defined here and nowhere
 * else. A frame is a sequence of items up to its end. An item is a tag, then:
 *
 *   envelope   id, protocol, [timeout in ms where the tag says so], the body's fields
 *   stamp      Lamport's clock of the envelope that follows; only from nodes that keep a trace
 *   roster     count, name, role and address of each
 *   watermark  id, count, ids or ranges of them as text
 *   call       number, method, timeout, payload
 *   return     number, 1 and payload | 0 and reason, message
 *
 * Integers are varints. Names of nodes and the prefixes of ids (`coordinator.incarnation.`) are written once
 * a frame and then referred to by number. Golden bytes: test/golden/frames. A change of anything here is a
 * new version; both sides say in the handshake which they read.
 *
 * Bytes that a decoded message holds are views into the frame.
 */

import {
  BALLOT_ZERO,
  parseTransactionId,
  transactionId,
  type AbortReason,
  type Ballot,
  type BranchToken,
  type Decision,
  type Election,
  type Membership,
  type Message,
  type MessageKind,
  type NodeId,
  type Proposal,
  type ProtocolName,
  type SiteState,
  type TransactionId,
  type Value,
  type Word,
} from "../../protocols/index.ts";
import type { Envelope, PeerRole } from "../engine/index.ts";
import { Reader, recentIdsOf, type RecentIds, UnreadableBytes, Writer } from "../packing/index.ts";
import type { CallMethod, SideItem } from "./items.ts";

/** The layouts that this build reads and writes, best first. */
export const frameVersions: readonly number[] = [1];

/** A frame is ended and another begun past these, so that one frame is never larger than the receiver takes. */
export const frameBytes = 4 * 1024 * 1024;
export const frameItems = 65_536;

export interface DecodedFrame {
  readonly envelopes: readonly Envelope[];
  readonly side: readonly SideItem[];
}

// The numbers below are the wire: none is ever used again for something else.

const tags = {
  work: 1,
  worked: 2,
  "work-failed": 3,
  prepare: 4,
  vote: 5,
  decision: 6,
  ack: 7,
  inquire: 8,
  pending: 9,
  "not-mine": 10,
  "commit-one-phase": 11,
  "resolve-one-phase": 12,
  "one-phase-result": 13,
  precommit: 20,
  preabort: 21,
  "attempt-ack": 22,
  refused: 23,
  "state-request": 24,
  "state-report": 25,
  "decision-request": 14,
  "decision-reply": 15,
  forget: 16,
  "last-work": 17,
  "paxos-prepare": 36,
  "begin-commit": 37,
  "phase-1a": 38,
  "phase-1b": 39,
  "phase-2a": 40,
  "phase-2b": 41,
  nack: 42,
  "outcome-request": 43,
  close: 44,
  forgotten: 45,
  "paxos-last-work": 46,
  watermark: 64,
  call: 65,
  return: 66,
  stamp: 67,
  roster: 68,
} as const satisfies Record<MessageKind | SideItem["kind"] | "stamp", number>;

/** Added to an envelope's tag that carries a timeout. */
const timed = 0x80;

const protocols = table<ProtocolName>({
  "2pc": 1,
  "2pc-presumed-nothing": 2,
  "2pc-presumed-commit": 3,
  "3pc": 4,
  "3pc-plain": 5,
  "paxos-commit": 6,
  "paxos-commit-fast": 7,
});

const decisions = table<Decision>({ commit: 1, abort: 2 });

const values = table<Value>({ prepared: 1, aborted: 2 });

const replies = table<Decision | "uncertain" | "unknown">({ commit: 1, abort: 2, uncertain: 3, unknown: 4 });

const votes = table<"yes" | "read-only" | "no">({ yes: 1, "read-only": 2, no: 3 });

const siteStates = table<SiteState>({
  waiting: 1,
  precommitted: 2,
  preaborted: 3,
  committed: 4,
  aborted: 5,
  unknown: 6,
});

const outcomes = table<"committed" | "aborted">({ committed: 1, aborted: 2 });

const roles = table<PeerRole>({ coordinator: 1, participant: 2, acceptor: 3 });

const methods = table<CallMethod>({ query: 1, "list-branches": 2 });

const reasons = table<AbortReason>({
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
});

/** How an id is written: as text, with a prefix not seen before in this frame, or with one seen: `known` + its number. */
const idForm = { text: 0, fresh: 1, known: 2 } as const;

const SEQUENCE_DIGITS = 8;
const SEQUENCE_LIMIT = 36 ** SEQUENCE_DIGITS;
/** The last two digits of a sequence, written out. */
const digitGroup = Array.from({ length: 36 ** 2 }, (_, value) => value.toString(36).padStart(2, "0"));

// A turn is synchronous, so one writer and one set of dictionaries serve every frame of the process.
const out = new Writer(64 * 1024);
const names = new Map<NodeId, number>();
const prefixes = new Map<string, number>();
/** That of the last id written, and its form: ids of one turn mostly share it. */
let lastPrefix = "";
let lastForm = 0;
let lastRecent: RecentIds | null = null;

function begin(): void {
  names.clear();
  prefixes.clear();
  lastPrefix = "";
}

/** The frames for these envelopes: one, but for a turn that is larger than a frame may be. */
export function encodeEnvelopes(envelopes: readonly Envelope[]): Buffer[] {
  const frames: Buffer[] = [];
  let items = 0;
  begin();
  for (const envelope of envelopes) {
    if (out.sizeBytes >= frameBytes || items === frameItems) {
      frames.push(out.take());
      items = 0;
      begin();
    }
    writeEnvelope(envelope);
    items += 1;
  }
  if (items > 0) frames.push(out.take());
  return frames;
}

/** A frame of its own for a side item. */
export function encodeSide(item: SideItem): Buffer {
  begin();
  writeSide(item);
  return out.take();
}

/** @throws UnreadableBytes */
export function decodeFrame(bytes: Uint8Array): DecodedFrame {
  const from = new FrameReader(bytes);
  const envelopes: Envelope[] = [];
  const side: SideItem[] = [];
  let items = 0;
  while (!from.done) {
    items += 1;
    if (items > frameItems) throw new UnreadableBytes(`more than ${frameItems} items in a frame`);
    const tag = from.byte();
    if (tag < tags.watermark || tag >= timed) envelopes.push(readEnvelope(from, tag));
    else if (tag === tags.stamp) {
      const stamp = from.varint();
      const stamped = from.byte();
      if (stamped >= tags.watermark && stamped < timed) throw new UnreadableBytes("a stamp without its message");
      envelopes.push({ ...readEnvelope(from, stamped), stamp });
    } else side.push(readSide(from, tag));
  }
  return { envelopes, side };
}

function writeEnvelope({ transaction, protocol, body, timeoutMs, stamp }: Envelope): void {
  if (stamp !== undefined) out.byte(tags.stamp).varint(stamp);
  out.byte(timeoutMs === undefined ? tags[body.kind] : tags[body.kind] + timed);
  writeId(transaction);
  out.byte(protocols.code[protocol]);
  if (timeoutMs !== undefined) out.varint(Math.max(0, Math.ceil(timeoutMs)));
  writeBody(body);
}

function readEnvelope(from: FrameReader, tag: number): Envelope {
  const transaction = from.id();
  const protocol = protocols.name(from.byte());
  if (tag < timed) return { transaction, protocol, body: readBody(from, tag) };
  const timeoutMs = from.varint();
  return { transaction, protocol, body: readBody(from, tag - timed), timeoutMs };
}

function writeBody(body: Message): void {
  switch (body.kind) {
    case "work":
      writeToken(body.token);
      out.varint(body.item).bytes(body.work);
      return;
    case "worked":
      writeToken(body.token);
      out.varint(body.item).bytes(body.result);
      return;
    case "work-failed":
      writeToken(body.token);
      out.varint(body.item).byte(reasons.code[body.reason]).text(body.detail);
      writeFlag(body.usable);
      return;
    case "prepare":
    case "last-work":
      writeNames(body.participants);
      writeToken(body.token);
      out.varint(body.workCount);
      writeOptional(body.work);
      return;
    case "vote":
      out.byte(votes.code[body.vote]);
      if (body.vote === "no") out.byte(reasons.code[body.reason]).text(body.detail);
      else out.bytes(body.result);
      return;
    case "decision":
      out.byte(decisions.code[body.decision]);
      return;
    case "ack":
      out.byte(decisions.code[body.decision]);
      writeFlag(body.heuristic !== null);
      if (body.heuristic !== null) out.text(body.heuristic);
      return;
    case "commit-one-phase":
      writeToken(body.token);
      out.varint(body.workCount);
      writeOptional(body.work);
      return;
    case "one-phase-result":
      out.byte(outcomes.code[body.outcome]);
      if (body.outcome === "aborted") out.byte(reasons.code[body.reason]).text(body.detail);
      else out.bytes(body.result);
      return;
    case "decision-reply":
      out.byte(replies.code[body.answer]);
      return;
    case "precommit":
    case "preabort":
    case "attempt-ack":
    case "state-request":
      writeElection(body.election);
      return;
    case "refused":
      writeElection(body.elected);
      return;
    case "state-report":
      writeElection(body.election);
      out.byte(siteStates.code[body.state]);
      writeElection(body.attempt);
      writeFlag(body.restarted);
      return;
    case "inquire":
    case "pending":
    case "not-mine":
    case "resolve-one-phase":
    case "decision-request":
    case "forget":
      return;
    case "paxos-prepare":
    case "paxos-last-work":
      writeMembership(body.membership);
      writeToken(body.token);
      out.varint(body.workCount);
      writeOptional(body.work);
      return;
    case "begin-commit":
      writeMembership(body.membership);
      return;
    case "phase-1a":
    case "nack":
      writeBallot(body.ballot);
      return;
    case "phase-1b":
      writeBallot(body.ballot);
      writeMaybeMembership(body.membership);
      writeList(body.casts, ({ participant, value, ballot }) => {
        writeProposal({ participant, value });
        writeBallot(ballot);
      });
      writeFlag(body.star !== null);
      if (body.star !== null) writeBallot(body.star);
      writeList(body.words, writeWord);
      return;
    case "phase-2a":
      writeBallot(body.ballot);
      writeMaybeMembership(body.membership);
      writeList(body.proposals, writeProposal);
      writeList(body.words, writeWord);
      writeFlag(body.begins);
      return;
    case "phase-2b":
      writeBallot(body.ballot);
      writeMaybeMembership(body.membership);
      writeList(body.accepted, writeProposal);
      writeList(body.words, writeWord);
      return;
    case "outcome-request":
      writeMaybeMembership(body.membership);
      return;
    case "close":
      out.byte(decisions.code[body.decision]);
      return;
    case "forgotten":
      writeFlag(body.decision !== null);
      if (body.decision !== null) out.byte(decisions.code[body.decision]);
      return;
    default:
      body satisfies never;
  }
}

function writeList<T>(list: readonly T[], write: (item: T) => void): void {
  out.varint(list.length);
  for (const item of list) write(item);
}

function writeBallot({ counter, node, incarnation }: Ballot): void {
  out.varint(counter);
  if (counter === 0) return;
  writeName(node);
  out.varint(incarnation);
}

function writeMembership({ coordinator, participants, group }: Membership): void {
  writeName(coordinator);
  writeNames(participants);
  out.varint(group.version);
  writeNames(group.acceptors);
}

function writeMaybeMembership(membership: Membership | null): void {
  writeFlag(membership !== null);
  if (membership !== null) writeMembership(membership);
}

function writeProposal({ participant, value }: Proposal): void {
  writeName(participant);
  out.byte(values.code[value]);
}

function writeWord({ participant, result, reason, detail }: Word): void {
  writeName(participant);
  out.bytes(result);
  writeFlag(reason !== null);
  if (reason !== null) out.byte(reasons.code[reason]);
  out.text(detail);
}

/** Most messages of a frame are one of these, and nobody changes a message. */
const decisionBodies: Readonly<Record<Decision, Message>> = {
  commit: { kind: "decision", decision: "commit" },
  abort: { kind: "decision", decision: "abort" },
};
const plainAcks: Readonly<Record<Decision, Message>> = {
  commit: { kind: "ack", decision: "commit", heuristic: null },
  abort: { kind: "ack", decision: "abort", heuristic: null },
};

function readBody(from: FrameReader, tag: number): Message {
  switch (tag) {
    case tags.work:
      return { kind: "work", token: from.token(), item: from.varint(), work: from.bytes() };
    case tags.worked:
      return { kind: "worked", token: from.heldToken(), item: from.varint(), result: from.bytes() };
    case tags["work-failed"]:
      return {
        kind: "work-failed",
        token: from.token(),
        item: from.varint(),
        reason: reasons.name(from.byte()),
        detail: from.text(),
        usable: from.flag(),
      };
    case tags.prepare:
    case tags["last-work"]:
      return {
        kind: tag === tags.prepare ? "prepare" : "last-work",
        participants: from.names(),
        token: from.token(),
        workCount: from.varint(),
        work: from.optional(),
      };
    case tags.vote: {
      const vote = votes.name(from.byte());
      if (vote === "no") return { kind: "vote", vote, reason: reasons.name(from.byte()), detail: from.text() };
      return { kind: "vote", vote, result: from.bytes() };
    }
    case tags.decision:
      return decisionBodies[decisions.name(from.byte())];
    case tags.ack: {
      const decision = decisions.name(from.byte());
      return from.flag() ? { kind: "ack", decision, heuristic: from.text() } : plainAcks[decision];
    }
    case tags.inquire:
      return { kind: "inquire" };
    case tags.pending:
      return { kind: "pending" };
    case tags["not-mine"]:
      return { kind: "not-mine" };
    case tags["commit-one-phase"]:
      return { kind: "commit-one-phase", token: from.token(), workCount: from.varint(), work: from.optional() };
    case tags["resolve-one-phase"]:
      return { kind: "resolve-one-phase" };
    case tags["decision-request"]:
      return { kind: "decision-request" };
    case tags["decision-reply"]:
      return { kind: "decision-reply", answer: replies.name(from.byte()) };
    case tags.forget:
      return { kind: "forget" };
    case tags["one-phase-result"]: {
      const outcome = outcomes.name(from.byte());
      if (outcome === "committed") return { kind: "one-phase-result", outcome, result: from.bytes() };
      return { kind: "one-phase-result", outcome, reason: reasons.name(from.byte()), detail: from.text() };
    }
    case tags["paxos-prepare"]:
    case tags["paxos-last-work"]:
      return {
        kind: tag === tags["paxos-prepare"] ? "paxos-prepare" : "paxos-last-work",
        membership: from.membership(),
        token: from.token(),
        workCount: from.varint(),
        work: from.optional(),
      };
    case tags["begin-commit"]:
      return { kind: "begin-commit", membership: from.membership() };
    case tags["phase-1a"]:
      return { kind: "phase-1a", ballot: from.ballot() };
    case tags["phase-1b"]:
      return {
        kind: "phase-1b",
        ballot: from.ballot(),
        membership: from.maybe(() => from.membership()),
        casts: from.list(() => ({ ...from.proposal(), ballot: from.ballot() })),
        star: from.maybe(() => from.ballot()),
        words: from.list(() => from.word()),
      };
    case tags["phase-2a"]:
      return {
        kind: "phase-2a",
        ballot: from.ballot(),
        membership: from.maybe(() => from.membership()),
        proposals: from.list(() => from.proposal()),
        words: from.list(() => from.word()),
        begins: from.flag(),
      };
    case tags["phase-2b"]:
      return {
        kind: "phase-2b",
        ballot: from.ballot(),
        membership: from.maybe(() => from.membership()),
        accepted: from.list(() => from.proposal()),
        words: from.list(() => from.word()),
      };
    case tags.nack:
      return { kind: "nack", ballot: from.ballot() };
    case tags["outcome-request"]:
      return { kind: "outcome-request", membership: from.maybe(() => from.membership()) };
    case tags.close:
      return { kind: "close", decision: decisions.name(from.byte()) };
    case tags.forgotten:
      return { kind: "forgotten", decision: from.maybe(() => decisions.name(from.byte())) };
    case tags.precommit:
      return { kind: "precommit", election: from.election() };
    case tags.preabort:
      return { kind: "preabort", election: from.election() };
    case tags["attempt-ack"]:
      return { kind: "attempt-ack", election: from.election() };
    case tags.refused:
      return { kind: "refused", elected: from.election() };
    case tags["state-request"]:
      return { kind: "state-request", election: from.election() };
    case tags["state-report"]:
      return {
        kind: "state-report",
        election: from.election(),
        state: siteStates.name(from.byte()),
        attempt: from.election(),
        restarted: from.flag(),
      };
    default:
      throw new UnreadableBytes(`no message has the tag ${tag}`);
  }
}

function writeSide(item: SideItem): void {
  out.byte(tags[item.kind]);
  switch (item.kind) {
    case "watermark":
      writeId(item.below);
      out.varint(item.except.length);
      for (const id of item.except) writeId(id);
      return;
    case "call":
      out
        .varint(item.id)
        .byte(methods.code[item.method])
        .varint(Math.max(0, Math.ceil(item.timeoutMs)));
      out.bytes(item.payload);
      return;
    case "return":
      out.varint(item.id);
      writeFlag(item.ok);
      if (item.ok) out.bytes(item.payload);
      else out.text(item.error.reason).text(item.error.message);
      return;
    case "roster":
      out.varint(item.members.length);
      for (const { node, role, address } of item.members) {
        writeName(node);
        out.byte(roles.code[role]).text(address);
      }
      return;
    default:
      item satisfies never;
  }
}

function readSide(from: FrameReader, tag: number): SideItem {
  switch (tag) {
    case tags.watermark:
      return { kind: "watermark", below: from.id(), except: from.list(() => from.id()) };
    case tags.call:
      return {
        kind: "call",
        id: from.varint(),
        method: methods.name(from.byte()),
        timeoutMs: from.varint(),
        payload: from.bytes(),
      };
    case tags.return: {
      const id = from.varint();
      if (from.flag()) return { kind: "return", id, ok: true, payload: from.bytes() };
      return { kind: "return", id, ok: false, error: { reason: from.text(), message: from.text() } };
    }
    case tags.roster:
      return {
        kind: "roster",
        members: from.list(() => ({ node: from.nodeName(), role: roles.name(from.byte()), address: from.text() })),
      };
    default:
      throw new UnreadableBytes(`no item has the tag ${tag}`);
  }
}

function writeFlag(value: boolean): void {
  out.byte(value ? 1 : 0);
}

function writeOptional(bytes: Uint8Array | null): void {
  writeFlag(bytes !== null);
  if (bytes !== null) out.bytes(bytes);
}

function writeToken(token: BranchToken | null): void {
  if (token === null) out.varint(0);
  else out.varint(token.incarnation + 1).varint(token.number);
}

/** Round 0 has no holder. */
function writeElection({ round, node }: Election): void {
  out.varint(round);
  if (round > 0) writeName(node);
}

function writeNames(list: readonly NodeId[]): void {
  out.varint(list.length);
  for (const name of list) writeName(name);
}

/** The number of a name; the first use of a number carries the text. */
function writeName(name: NodeId): void {
  const known = names.get(name);
  if (known !== undefined) {
    out.varint(known);
    return;
  }
  out.varint(names.size).text(name);
  names.set(name, names.size);
}

function writeId(id: TransactionId): void {
  const sequence = sequenceOf(id);
  if (sequence >= 0 && id.length === lastPrefix.length + SEQUENCE_DIGITS && id.startsWith(lastPrefix)) {
    out.varint(lastForm).varint(sequence);
    lastRecent?.keep(sequence, id);
  } else {
    writeUncommonId(id);
  }
}

/** An id whose prefix is not that of the id before, or that is not of the usual form. */
function writeUncommonId(id: TransactionId): void {
  const parts = parseTransactionId(id);
  const same = parts !== null && transactionId(parts.coordinator, parts.incarnation, parts.sequence) === id;
  if (!same || parts.sequence >= SEQUENCE_LIMIT || !Number.isSafeInteger(parts.incarnation)) {
    out.varint(idForm.text).text(id);
    return;
  }
  lastPrefix = id.slice(0, -SEQUENCE_DIGITS);
  lastRecent = recentIdsOf(lastPrefix);
  lastRecent.keep(parts.sequence, id);
  const known = prefixes.get(lastPrefix);
  lastForm = idForm.known + (known ?? prefixes.size);
  if (known === undefined) {
    prefixes.set(lastPrefix, prefixes.size);
    out.varint(idForm.fresh);
    writeName(parts.coordinator);
    out.varint(parts.incarnation);
  } else {
    out.varint(lastForm);
  }
  out.varint(parts.sequence);
}

/** The number that the last eight characters are in base 36; -1 where they are none. */
function sequenceOf(id: TransactionId): number {
  if (id.length <= SEQUENCE_DIGITS) return -1;
  let value = 0;
  for (let at = id.length - SEQUENCE_DIGITS; at < id.length; at += 1) {
    const character = id.charCodeAt(at);
    let digit: number;
    if (character >= 48 && character <= 57) digit = character - 48;
    else if (character >= 97 && character <= 122) digit = character - 87;
    else return -1;
    value = value * 36 + digit;
  }
  return value;
}

/** A packed frame, with the dictionaries that its items build up. */
class FrameReader extends Reader {
  private readonly seenNames: NodeId[] = [];
  private readonly seenPrefixes: { readonly text: string; readonly recent: RecentIds }[] = [];
  /** The leading digits of the last sequence: ids of a turn follow each other closely. */
  private lastHigh = -1;
  private lastHighDigits = "";

  flag(): boolean {
    const value = this.byte();
    if (value > 1) throw new UnreadableBytes(`a flag of ${value}`);
    return value === 1;
  }

  optional(): Uint8Array | null {
    return this.flag() ? this.bytes() : null;
  }

  token(): BranchToken | null {
    const incarnation = this.varint();
    return incarnation === 0 ? null : { incarnation: incarnation - 1, number: this.varint() };
  }

  heldToken(): BranchToken {
    const token = this.token();
    if (token === null) throw new UnreadableBytes("a branch without its token");
    return token;
  }

  maybe<T>(read: () => T): T | null {
    return this.flag() ? read() : null;
  }

  ballot(): Ballot {
    const counter = this.varint();
    if (counter === 0) return BALLOT_ZERO;
    return { counter, node: this.nodeName(), incarnation: this.varint() };
  }

  membership(): Membership {
    return {
      coordinator: this.nodeName(),
      participants: this.names(),
      group: { version: this.varint(), acceptors: this.names() },
    };
  }

  proposal(): Proposal {
    return { participant: this.nodeName(), value: values.name(this.byte()) };
  }

  word(): Word {
    return {
      participant: this.nodeName(),
      result: this.bytes(),
      reason: this.maybe(() => reasons.name(this.byte())),
      detail: this.text(),
    };
  }

  election(): Election {
    const round = this.varint();
    return { round, node: round === 0 ? "" : this.nodeName() };
  }

  /** Grows with what is really there: a count alone allocates nothing. */
  list<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.varint(); left > 0; left -= 1) items.push(read());
    return items;
  }

  names(): NodeId[] {
    const list: NodeId[] = [];
    for (let left = this.varint(); left > 0; left -= 1) list.push(this.nodeName());
    return list;
  }

  nodeName(): NodeId {
    const number = this.varint();
    if (number === this.seenNames.length) this.seenNames.push(this.text());
    const name = this.seenNames[number];
    if (name === undefined) throw new UnreadableBytes(`a name ${number} of ${this.seenNames.length}`);
    return name;
  }

  id(): TransactionId {
    const form = this.varint();
    if (form === idForm.text) return this.text();
    if (form === idForm.fresh) {
      const coordinator = this.nodeName();
      const text = transactionId(coordinator, this.varint(), 0).slice(0, -SEQUENCE_DIGITS);
      const fresh = { text, recent: recentIdsOf(text) };
      this.seenPrefixes.push(fresh);
      return this.sequenced(fresh.text, fresh.recent);
    }
    const prefix = this.seenPrefixes[form - idForm.known];
    if (prefix === undefined) throw new UnreadableBytes(`an id's prefix ${form} of ${this.seenPrefixes.length}`);
    return this.sequenced(prefix.text, prefix.recent);
  }

  private sequenced(prefix: string, recent: RecentIds): TransactionId {
    const sequence = this.varint();
    if (sequence >= SEQUENCE_LIMIT) throw new UnreadableBytes(`a sequence of ${sequence}`);
    const known = recent.get(sequence);
    if (known !== undefined) return known;
    const id = prefix + this.sequenceDigits(sequence);
    recent.keep(sequence, id);
    return id;
  }

  private sequenceDigits(value: number): string {
    const high = Math.floor(value / digitGroup.length);
    if (high !== this.lastHigh) {
      this.lastHigh = high;
      this.lastHighDigits = high.toString(36).padStart(SEQUENCE_DIGITS - 2, "0");
    }
    return this.lastHighDigits + (digitGroup[value % digitGroup.length] ?? "");
  }
}

interface Table<Name extends string> {
  readonly code: Readonly<Record<Name, number>>;
  /** @throws UnreadableBytes */
  name(code: number): Name;
}

/** A closed set of words and their numbers on the wire. */
function table<Name extends string>(code: Readonly<Record<Name, number>>): Table<Name> {
  const byCode: (Name | undefined)[] = [];
  for (const name of Object.keys(code) as Name[]) byCode[code[name]] = name;
  return {
    code,
    name(number) {
      const name = byCode[number];
      if (name === undefined) throw new UnreadableBytes(`${number} is none of ${Object.keys(code).join(", ")}`);
      return name;
    },
  };
}
