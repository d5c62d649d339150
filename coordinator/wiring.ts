/** The coordinator as a library: machines, engine, ids and sessions joined over ports; no gRPC, no SQLite. */

import {
  isProtocolName,
  parseTransactionId,
  protocols,
  type AbortReason,
  type AcceptorGroup,
  type Answer,
  type BranchPlan,
  type Descriptor,
  type NodeId,
  type ProtocolName,
  type Times,
  type TransactionId,
} from "../protocols/index.ts";
import {
  Engine,
  admitPeer,
  namesOf,
  type AnyMachine,
  type Clock,
  type Entry,
  type Envelope,
  type Journal,
  type Network,
  type Observer,
  type Random,
  type RetentionTimes,
  type Return,
  type Returning,
  type Scheduler,
} from "../runtime/engine/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import { Admission, type Refusals } from "./admission.ts";
import { coordinatorIdentity } from "./identity.ts";
import { Ids, type Block } from "./ids.ts";
import { pageOf, type Listing, type Page } from "./pages.ts";
import { Sessions, type Executed, type Session } from "./sessions.ts";
import {
  statusOfAnswer,
  statusOfClosed,
  statusOfSession,
  unknownTransaction,
  type TransactionStatus,
} from "./status.ts";
import { watermarkOf } from "./watermark.ts";

export interface CoordinatorNetwork extends Network {
  /** Tells a participant which ids are closed: all below, but for the ids and ranges named. */
  sendWatermark(to: NodeId, below: TransactionId, except: readonly string[]): void;
  isUp(node: NodeId): boolean;
}

export interface CoordinatorOptions {
  readonly node: NodeId;
  readonly incarnation: number;
  readonly times: Times;
  readonly defaultProtocol: ProtocolName;
  readonly retention: RetentionTimes;
  readonly limits: { readonly queue: number; readonly participants: number; readonly peers: number };
  /** The acceptor groups that open transactions may be pinned to, the current one first; none: no acceptors. */
  readonly groups: () => readonly AcceptorGroup[];
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly journal: Journal;
  readonly network: CoordinatorNetwork;
  readonly observer: Pick<Observer, "alarm" | "ignored" | "stepped">;
}

export interface SubmitRequest {
  /** null: the coordinator gives one. Otherwise one that it gave out: the first use starts, any other is a retry. */
  readonly id: TransactionId | null;
  readonly protocol: string;
  /** Milliseconds; 0: the coordinator's default. */
  readonly timeoutMs: number;
  /** How long the caller waits for an answer, in milliseconds: what would come later is not begun. */
  readonly patienceMs: number;
  /** Their work is asked for only where there is room for it. @throws what is wrong with it */
  readonly branches: readonly { readonly participant: NodeId; readonly work: () => Uint8Array }[];
}

type Tell = (answer: Answer) => void;

const RESEND_WORK_MS = 500;
const WATERMARK_MS = 1_000;

export class Coordinator {
  readonly engine: Engine;
  readonly sessions: Sessions;
  private readonly admission: Admission;
  private readonly ids: Ids;
  private readonly options: CoordinatorOptions;
  private readonly watchers = new Set<(status: TransactionStatus) => void>();
  private readonly up = new Set<NodeId>();
  private lastWatermark = "";
  private watermarkTimer: { cancel(): void } | null = null;
  private closing = false;

  constructor(options: CoordinatorOptions) {
    const { node, incarnation, times, clock, scheduler, random, journal, network, retention, observer } = options;
    this.options = options;
    this.ids = new Ids(node, incarnation);
    this.admission = new Admission({ nowMs: () => clock.nowMs(), limit: options.limits.queue });
    this.engine = new Engine({
      env: {
        self: node,
        incarnation,
        times,
        coordinators: () => namesOf(this.engine, "coordinator"),
        groups: options.groups,
      },
      machines: coordinatorMachine,
      identity: coordinatorIdentity(node, incarnation, this.ids),
      clock,
      scheduler,
      random,
      journal,
      network,
      resource: null,
      observer: { ...observer, changed: (ids) => this.changed(ids) },
      retention,
      lockWaitMs: 0,
      flushMs: 100,
    });
    this.sessions = new Sessions(
      {
        clock,
        scheduler,
        send: (to, envelopes) => network.send(to, envelopes),
        abandon: (session, reason, detail) => this.abandon(session, reason, detail),
      },
      { idleMs: times.idleMs, resendMs: RESEND_WORK_MS },
    );
  }

  /** Replays the journal; then, and only then, anything is answered. */
  open(rows: Iterable<{ readonly sequence: number; readonly entries: readonly Entry[] }>): void {
    this.engine.restore(rows);
    this.watermarkLater();
  }

  /** A whole transaction. `tell` is called once, when the outcome may be told. @throws NemconError where it is refused at the door */
  submit(request: SubmitRequest, tell: Tell): TransactionId {
    const protocol = this.protocolOf(request.protocol);
    if (!protocols[protocol].oneShot)
      throw new NemconError(
        "PROTOCOL_NOT_AVAILABLE",
        `${protocol} takes no work inside its prepare: use Begin, Execute and Commit.`,
      );
    const participants = request.branches.map((branch) => branch.participant);
    this.checkBranches(participants);
    const { id } = request;
    if (id !== null) this.checkMine(id);
    const isRetry = id !== null && !this.ids.isUnused(id);
    if (isRetry) {
      // Whatever its work: votes are never collected again.
      this.checkRetry(id);
      this.start({ transaction: id, protocol, branches: [], timeoutMs: request.timeoutMs }, false, null, tell);
      return id;
    }
    this.checkServing();
    this.admission.check(this.underway, participants, Math.min(request.patienceMs, this.timeOf(request.timeoutMs)));
    const branches = request.branches.map(({ participant, work }): BranchPlan => ({
      participant,
      token: null,
      workCount: 0,
      work: work(),
    }));
    this.admission.checkSize(sizeOf(branches));
    if (id !== null) this.ids.use(id);
    const transaction = id ?? this.ids.next();
    this.start({ transaction, protocol, branches, timeoutMs: request.timeoutMs }, true, null, tell);
    return transaction;
  }

  /** @param timeoutMs how long its commit may take where commit names no time; 0: the coordinator's default */
  begin(
    protocolName: string,
    timeoutMs = 0,
  ): {
    readonly id: TransactionId;
    readonly protocol: ProtocolName;
    readonly idleMs: number;
  } {
    const protocol = this.protocolOf(protocolName);
    this.checkServing();
    this.admission.checkBegin(this.underway, this.sessions.size);
    const id = this.ids.next();
    this.sessions.begin(id, protocol, timeoutMs);
    this.changed([id]);
    return { id, protocol, idleMs: this.options.times.idleMs };
  }

  /** Work in a branch of an open transaction. @throws NemconError; a failed statement that leaves the branch whole is OPERATION_FAILED */
  async execute(id: TransactionId, participant: NodeId, work: Uint8Array, timeoutMs: number): Promise<Executed> {
    this.checkMine(id);
    const session = this.sessions.get(id);
    if (session === undefined) return this.executedElsewhere(id);
    const members = new Set([...session.branches.keys(), participant]);
    this.checkBranches([...members]);
    const timeMs = this.timeOf(timeoutMs);
    // Only the first work passes the door: from then on the transaction may hold locks that others wait for.
    if (session.branches.size === 0) {
      this.admission.check(this.underway - 1, [participant], timeMs);
      this.admission.checkSize(work.length);
    }
    const ticket = this.admission.enter([participant], work.length, timeMs);
    try {
      return await this.sessions.execute(session, participant, work, timeMs);
    } finally {
      this.admission.leave(ticket);
    }
  }

  commit(id: TransactionId, timeoutMs: number, tell: Tell): void {
    this.checkMine(id);
    const session = this.sessions.get(id);
    if (session === undefined) {
      this.checkRetry(id);
      this.engine.start({ ...this.descriptor(id, this.options.defaultProtocol, [], timeoutMs) }, false, null, tell);
      return;
    }
    if (this.sessions.isBusy(session))
      throw new NemconError("NOT_ACTIVE", `${id} still has operations under way: wait for their answers, then commit.`);
    const branches = this.sessions.plans(session);
    this.sessions.end(session, "CANCELLED", "the transaction is being committed");
    const { protocol, timeoutMs: begunWith } = session;
    this.start({ transaction: id, protocol, branches, timeoutMs: timeoutMs || begunWith }, true, null, tell);
  }

  abort(id: TransactionId, tell: Tell): void {
    this.checkMine(id);
    const session = this.sessions.get(id);
    if (session !== undefined) {
      this.abandon(session, "CANCELLED", "the client aborted", tell);
      return;
    }
    this.checkRetry(id);
    this.engine.operate(id, this.options.defaultProtocol, "cancel", "", tell);
  }

  /** @throws NemconError INVALID_TRANSACTION_ID, NOT_MINE, UNKNOWN_TRANSACTION */
  status(id: TransactionId): Promise<TransactionStatus> {
    this.checkMine(id);
    const session = this.sessions.get(id);
    if (session !== undefined) return Promise.resolve(statusOfSession(session));
    return new Promise((resolve, reject) => {
      // Through the engine, so that nothing is told that is not durable.
      this.engine.ask(id, this.options.defaultProtocol, (answer) => {
        if (answer.outcome === "unknown" || answer.outcome === "not-mine") reject(unknownTransaction(id));
        else resolve(this.statusNow(id) ?? statusOfAnswer(id, answer));
      });
    });
  }

  /** @param token of the page before; empty for the first. @throws NemconError INVALID_REQUEST */
  list(state: string, count: number, token: string): Page {
    const listing: Listing = {
      open: this.openIds(),
      finished: (last) => this.engine.outcomes.newest(last),
      statusOf: (id) => this.statusNow(id),
    };
    return pageOf(listing, state, count, token);
  }

  /** The open ones now. */
  openNow(): TransactionStatus[] {
    return this.openIds()
      .map((id) => this.statusNow(id))
      .filter((status) => status !== null);
  }

  /** Calls `listener` with every change from now on; returns what ends it. */
  watch(listener: (status: TransactionStatus) => void): () => void {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  }

  openBlock(count: number): Block {
    return this.ids.openBlock(count);
  }

  unusedIn(block: Block): number {
    return this.ids.unusedIn(block);
  }

  retire(block: Block): void {
    this.ids.retire(block);
  }

  /** What a peer sent in one frame. */
  onEnvelopes(from: NodeId, envelopes: readonly Envelope[]): void {
    for (const { transaction, body } of envelopes)
      if (body.kind === "vote" || body.kind === "one-phase-result") this.admission.answered(transaction, from);
    let others = envelopes;
    if (envelopes.some(isWorkAnswer)) {
      others = envelopes.filter((envelope) => !isWorkAnswer(envelope));
      for (const { transaction, body } of envelopes)
        if (body.kind === "worked" || body.kind === "work-failed") this.sessions.answer(from, transaction, body);
    }
    if (others.length > 0) this.engine.deliver(from, others);
  }

  /** May this node link? What was seen of it is forced before it does. */
  admit(hello: Returning): Return {
    return admitPeer(this.engine, hello, this.options.limits.peers);
  }

  onUp(node: NodeId): void {
    this.up.add(node);
    this.tellWatermark([node]);
    this.engine.suspect(node, false);
    this.sessions.reconnected(node);
  }

  onDown(node: NodeId, seen: { readonly log: string; readonly incarnation: number; readonly sequence: number }): void {
    this.up.delete(node);
    this.engine.suspect(node, true);
    const known = this.engine.peer(node);
    if (known === undefined) return;
    const { log, incarnation, sequence } = seen;
    this.engine.notePeer(node, { ...known, log, incarnation, sequence }, false);
  }

  /** What was refused for load since this was last asked; null: nothing was. */
  refusals(): Refusals | null {
    return this.admission.report();
  }

  /** Takes no new transactions. */
  drain(): void {
    this.closing = true;
  }

  close(): void {
    this.closing = true;
    this.watermarkTimer?.cancel();
    for (const session of this.sessions.all()) session.idle.cancel();
    this.engine.shutdown();
  }

  private start(
    request: Pick<Descriptor, "transaction" | "protocol" | "branches" | "timeoutMs">,
    fresh: boolean,
    cancelled: AbortReason | null,
    tell: Tell | null,
  ): void {
    const { transaction, protocol, branches } = request;
    if (fresh && cancelled === null) {
      const participants = branches.map((branch) => branch.participant);
      this.admission.begin(transaction, participants, sizeOf(branches), this.timeOf(request.timeoutMs));
    }
    this.engine.start(this.descriptor(transaction, protocol, branches, request.timeoutMs), fresh, cancelled, tell);
    if (!fresh) return;
    for (const { participant } of branches)
      if (!this.options.network.isUp(participant)) this.engine.suspectIn(transaction, protocol, participant);
  }

  private descriptor(
    transaction: TransactionId,
    protocol: ProtocolName,
    branches: readonly BranchPlan[],
    timeoutMs: number,
  ): Descriptor {
    return {
      transaction,
      protocol,
      coordinator: this.options.node,
      branches,
      group: null,
      initiator: null,
      timeoutMs: this.timeOf(timeoutMs),
    };
  }

  private openIds(): TransactionId[] {
    return [...[...this.sessions.all()].map((session) => session.id), ...this.engine.liveIds()];
  }

  private abandon(session: Session, reason: AbortReason, detail: string, tell: Tell | null = null): void {
    const branches = this.sessions.plans(session);
    this.sessions.end(session, reason, detail);
    this.start({ transaction: session.id, protocol: session.protocol, branches, timeoutMs: 0 }, true, reason, tell);
  }

  private async executedElsewhere(id: TransactionId): Promise<Executed> {
    const status = await this.status(id);
    if (status.state === "aborted")
      return { kind: "aborted", reason: status.reason === "" ? "CANCELLED" : status.reason, detail: status.detail };
    throw new NemconError("NOT_ACTIVE", `${id} takes no more work: it is ${status.state}.`);
  }

  private protocolOf(name: string): ProtocolName {
    if (name === "") return this.options.defaultProtocol;
    if (isProtocolName(name)) return name;
    throw new NemconError(
      "UNKNOWN_PROTOCOL",
      `No protocol is called "${name}" here; there is ${Object.keys(protocols).join(", ")}.`,
    );
  }

  private checkServing(): void {
    if (!this.closing) return;
    throw new NemconError("SHUTTING_DOWN", `${this.options.node} is stopping and takes no new transactions.`, {
      retryAfterMs: 1_000,
    });
  }

  private get underway(): number {
    return this.engine.liveCount + this.engine.queuedCount + this.sessions.size;
  }

  private timeOf(timeoutMs: number): number {
    return timeoutMs === 0 ? this.options.times.voteMs : timeoutMs;
  }

  private checkBranches(participants: readonly NodeId[]): void {
    if (participants.length === 0) throw new NemconError("INVALID_REQUEST", "A transaction needs at least one branch.");
    const most = this.options.limits.participants;
    if (participants.length > most)
      throw new NemconError(
        "TOO_MANY_PARTICIPANTS",
        `${participants.length} branches, and a transaction may have ${most}.`,
      );
    const seen = new Set<NodeId>();
    for (const participant of participants) {
      if (seen.has(participant))
        throw new NemconError("INVALID_REQUEST", `${participant} has two branches: put all its operations into one.`);
      seen.add(participant);
      if (this.engine.peer(participant)?.role === "participant") continue;
      const known = [...this.engine.allPeers()].filter(([, peer]) => peer.role === "participant").map(([node]) => node);
      const who = known.length === 0 ? "none has connected yet" : `known are ${known.toSorted().join(", ")}`;
      throw new NemconError(
        "UNKNOWN_PARTICIPANT",
        `No participant is called "${participant}" here; ${who}. Is it running, in this cluster, with this coordinator in its list?`,
      );
    }
  }

  private checkMine(id: TransactionId): void {
    const parts = parseTransactionId(id);
    if (parts === null)
      throw new NemconError(
        "INVALID_TRANSACTION_ID",
        `"${id}" is no transaction id: one looks like ${this.options.node}.0001.00000001 and is given out by a coordinator.`,
      );
    if (parts.coordinator !== this.options.node) {
      throw new NemconError(
        "NOT_MINE",
        `${id} belongs to the coordinator ${parts.coordinator}; this is ${this.options.node}. Ask there.`,
      );
    }
  }

  /** A retry needs an id that was used once: nobody made this one up. */
  private checkRetry(id: TransactionId): void {
    const { incarnation } = parseTransactionId(id) ?? { incarnation: 0 };
    const current = this.options.incarnation;
    if (incarnation > current || (incarnation === current && !this.ids.wasGiven(id))) throw unknownTransaction(id);
    if (this.ids.isUnused(id)) throw new NemconError("NOT_ACTIVE", `${id} was given out and not begun yet.`);
    if (this.sessions.get(id) !== undefined)
      throw new NemconError("NOT_ACTIVE", `${id} is an interactive transaction: commit or abort it.`);
  }

  private statusNow(id: TransactionId): TransactionStatus | null {
    const session = this.sessions.get(id);
    if (session !== undefined) return statusOfSession(session);
    const live = this.engine.live(id);
    if (live !== undefined) {
      const { protocol, view, sinceMs } = live;
      return {
        transaction: id,
        protocol,
        state: view.state,
        reason: "",
        detail: "",
        participants: view.participants,
        startedAtMs: sinceMs,
        endedAtMs: 0,
      };
    }
    const kept = this.engine.outcomes.get(id);
    return kept === undefined ? null : statusOfClosed(id, kept.protocol, kept.closed, kept.atMs);
  }

  private changed(ids: readonly TransactionId[]): void {
    for (const id of ids) if (!this.engine.isLive(id)) this.admission.end(id);
    if (this.watchers.size === 0) return;
    for (const id of new Set(ids)) {
      const status = this.statusNow(id);
      if (status !== null) for (const listener of this.watchers) listener(status);
    }
  }

  private watermarkLater(): void {
    this.watermarkTimer = this.options.scheduler.after(WATERMARK_MS, () => {
      this.tellWatermark(null);
      this.watermarkLater();
    });
  }

  private tellWatermark(to: readonly NodeId[] | null): void {
    const open = [...this.engine.openIds(), ...[...this.sessions.all()].map((session) => session.id)];
    const { below, except } = watermarkOf(this.ids.end, open, this.ids.unused());
    const text = `${below} ${except.join(" ")}`;
    if (to === null && text === this.lastWatermark) return;
    this.lastWatermark = text;
    for (const node of to ?? this.up) this.options.network.sendWatermark(node, below, except);
  }
}

function coordinatorMachine(protocol: ProtocolName): AnyMachine {
  return protocols[protocol].coordinator;
}

function sizeOf(branches: readonly { readonly work: Uint8Array | null }[]): number {
  return branches.reduce((sum, { work }) => sum + (work?.length ?? 0), 0);
}

function isWorkAnswer({ body }: Envelope): boolean {
  return body.kind === "worked" || body.kind === "work-failed";
}
