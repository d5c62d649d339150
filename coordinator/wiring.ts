/** The coordinator as a library: machines, engine, ids and sessions joined over ports; no gRPC, no SQLite. */

import {
  parseTransactionId,
  protocols,
  unreachable,
  type AcceptorGroup,
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
  type GroupEntry,
  type Journal,
  type Network,
  type Observer,
  type Random,
  type RetentionTimes,
  type Return,
  type Returning,
  type Seen,
  type Scheduler,
} from "../runtime/engine/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import { Admission, type Refusals } from "./admission.ts";
import { Choice } from "./choice.ts";
import { Enlistment, type Tell } from "./enlistment.ts";
import { Groups, type AcceptorAddress } from "./groups.ts";
import { coordinatorIdentity } from "./identity.ts";
import { Ids, type Block } from "./ids.ts";
import { keptGroups, type KeptGroup } from "./keeping.ts";
import { missingFor } from "./missing.ts";
import { pageOf, type Listing, type Page } from "./pages.ts";
import { Sessions, type Ending, type Executed, type Session } from "./sessions.ts";
import {
  statusOfAnswer,
  statusOfClosed,
  statusOfSession,
  unknownTransaction,
  type TransactionStatus,
} from "./status.ts";
import { ClosedIds } from "./closed-ids.ts";

/** By what a coordinator knows what it has no state of: the lab explores it with the machines. */
export { coordinatorIdentity, Ids };

export interface CoordinatorNetwork extends Network {
  /** Tells a participant which ids are closed: all below, but for the ids and ranges named. */
  sendWatermark(to: NodeId, below: TransactionId, except: readonly string[]): void;
  isUp(node: NodeId): boolean;
  /** Others are needed now, or some are needed no more: `groups.members()`. */
  acceptorsChanged(): void;
}

export interface CoordinatorOptions {
  readonly node: NodeId;
  readonly incarnation: number;
  readonly times: Times;
  readonly defaultProtocol: ProtocolName;
  /** Protocols that can break a promise run only where this is true. */
  readonly allowUnsafe: boolean;
  readonly retention: RetentionTimes;
  readonly limits: { readonly queue: number; readonly participants: number; readonly peers: number };
  /** Those of new transactions; none: it has no acceptors. */
  readonly acceptors: readonly AcceptorAddress[];
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

type Started = Pick<Descriptor, "transaction" | "protocol" | "branches" | "timeoutMs"> &
  Partial<Pick<Descriptor, "initiator">>;

const COMMITTING = { reason: "CANCELLED", detail: "the transaction is being committed", participant: null } as const;

const RESEND_WORK_MS = 500;

export class Coordinator {
  readonly engine: Engine;
  readonly sessions: Sessions;
  readonly groups: Groups;
  readonly choice: Choice;
  private readonly admission: Admission;
  private readonly ids: Ids;
  private readonly closed: ClosedIds;
  private readonly options: CoordinatorOptions;
  /** Submits whose work is under way before their commit; each has a session. */
  private readonly enlistments = new Map<TransactionId, Enlistment>();
  private readonly watchers = new Set<(status: TransactionStatus) => void>();
  private readonly up = new Set<NodeId>();
  private closing = false;

  constructor(options: CoordinatorOptions) {
    const { node, incarnation, times, clock, scheduler, random, journal, network, retention, observer } = options;
    this.options = options;
    this.ids = new Ids(node, incarnation);
    const isUp = (peer: NodeId): boolean => network.isUp(peer);
    this.admission = new Admission({ nowMs: () => clock.nowMs(), limit: options.limits.queue });
    this.engine = new Engine({
      env: {
        self: node,
        incarnation,
        times,
        coordinators: () => namesOf(this.engine, "coordinator"),
        groups: (id) => this.groupsFor(id),
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
    this.groups = new Groups(this.engine, () => clock.calendarMs());
    this.choice = new Choice({ ...options, groups: this.groups, isUp });
    this.closed = new ClosedIds({
      node,
      incarnation,
      engine: this.engine,
      groups: this.groups,
      ids: this.ids,
      scheduler,
      held: () => [...this.sessions.all()].map((session) => session.id),
      up: () => this.up,
      send: (to, below, except) => network.sendWatermark(to, below, except),
      acceptorsChanged: () => network.acceptorsChanged(),
    });
    this.sessions = new Sessions(
      {
        clock,
        scheduler,
        send: (to, envelopes) => network.send(to, envelopes),
        isUp,
        abandon: (session, ending) => this.abandon(session, ending),
      },
      { idleMs: times.idleMs, resendMs: RESEND_WORK_MS },
    );
  }

  /**
   * Replays the journal; then, and only then, anything is answered.
   *
   * @returns the acceptors that an operator named and that stay in force against the configuration's; null: there are none
   */
  open(rows: Iterable<{ readonly sequence: number; readonly entries: readonly Entry[] }>): GroupEntry | null {
    this.engine.restore(rows);
    const staying = this.groups.configure(this.options.acceptors, this.ids.end);
    this.closed.begin();
    return staying;
  }

  /**
   * Makes these the acceptors of transactions that are begun from now on; those before finish with the group that they
   * have (protocols §E.4). It is in the journal when this returns.
   *
   * @param reason the operator's own words
   * @returns whether anything is different now
   * @throws NemconError PROTOCOL_NOT_AVAILABLE where it has no acceptors, SHUTTING_DOWN
   */
  reconfigure(acceptors: readonly AcceptorAddress[], reason: string): boolean {
    this.checkReconfigurable();
    const isOther = this.groups.use(acceptors, this.ids.end, reason);
    if (isOther) this.options.network.acceptorsChanged();
    return isOther;
  }

  /** The groups of acceptors that are needed, the newest first, and for what. */
  keptGroups(): readonly KeptGroup[] {
    return keptGroups(this.groups.entries(), {
      open: this.closed.open(),
      held: this.ids.unused(),
      unknown: this.closed.mayBeOpen,
    });
  }

  /** @throws NemconError PROTOCOL_NOT_AVAILABLE where it has no acceptors, SHUTTING_DOWN */
  checkReconfigurable(): void {
    this.checkServing();
    if (!this.closed.decidesAlone) return;
    throw new NemconError(
      "PROTOCOL_NOT_AVAILABLE",
      `${this.options.node} was configured without acceptors: there is none to replace. Give it some in its configuration, and start it anew.`,
    );
  }

  /** A whole transaction. `tell` is called once, when the outcome may be told. @throws NemconError where it is refused at the door */
  submit(request: SubmitRequest, tell: Tell): TransactionId {
    const protocol = this.choice.named(request.protocol);
    const participants = request.branches.map((branch) => branch.participant);
    this.checkBranches(participants);
    const { id, timeoutMs } = request;
    if (id !== null) this.checkHere(id);
    if (id !== null && !this.ids.isUnused(id)) {
      // Whatever its work: votes are never collected again.
      this.again(id, protocol, timeoutMs, tell);
      return id;
    }
    this.checkServing();
    const timeMs = this.timeOf(timeoutMs);
    this.admission.check(this.underway, participants, Math.min(request.patienceMs, timeMs));
    const branches = request.branches.map(({ participant, work }) => ({ participant, work: work() }));
    const sizeBytes = sizeOf(branches);
    this.admission.checkSize(sizeBytes);
    if (id !== null) this.ids.use(id);
    const transaction = id ?? this.ids.next();
    this.admission.begin(transaction, participants, sizeBytes, timeMs);
    if (protocols[protocol].oneShot) {
      const plans = branches.map((branch): BranchPlan => ({ ...branch, token: null, workCount: 0 }));
      this.start({ transaction, protocol, branches: plans, timeoutMs: timeMs }, tell);
    } else this.enlist(transaction, protocol, branches, timeMs, tell);
    return transaction;
  }

  /**
   * @param timeoutMs how long its commit may take where commit names no time; 0: the coordinator's default
   * @param initiator the participant whose last work begins the commit; "": none does
   */
  begin(
    protocolName: string,
    timeoutMs = 0,
    initiator = "",
  ): {
    readonly id: TransactionId;
    readonly protocol: ProtocolName;
    readonly idleMs: number;
  } {
    const protocol = this.choice.named(protocolName);
    if (initiator !== "") {
      this.choice.checkInitiator(protocol, initiator);
      this.checkBranches([initiator]);
    }
    this.checkServing();
    this.admission.checkBegin(this.underway, this.sessions.size - this.enlistments.size);
    const id = this.ids.next();
    this.sessions.begin(id, protocol, timeoutMs, initiator === "" ? null : initiator);
    this.changed([id]);
    return { id, protocol, idleMs: this.options.times.idleMs };
  }

  /** Work in a branch of an open transaction. @throws NemconError; a failed statement that leaves the branch whole is OPERATION_FAILED */
  async execute(
    id: TransactionId,
    participant: NodeId,
    work: Uint8Array,
    timeoutMs: number,
    last = false,
  ): Promise<Executed> {
    this.checkMine(id);
    const session = this.sessions.get(id);
    if (session === undefined || this.enlistments.has(id)) return this.executedElsewhere(id);
    if (last) this.checkLast(session, participant);
    const members = new Set([...session.branches.keys(), participant]);
    this.checkBranches([...members]);
    const timeMs = this.timeOf(timeoutMs);
    // Only the first work passes the door: from then on the transaction may hold locks that others wait for.
    if (session.branches.size === 0) {
      this.admission.check(this.underway - 1, [participant], timeMs);
      this.admission.checkSize(work.length);
    }
    if (last && this.beginsWithWork(session, participant)) return this.lastInCommit(session, participant, work);
    const ticket = this.admission.enter([participant], work.length, timeMs);
    let executed: Executed;
    try {
      executed = await this.sessions.execute(session, participant, work, timeMs);
    } finally {
      this.admission.leave(ticket);
    }
    if (!last || executed.kind !== "done" || this.sessions.get(id) !== session) return executed;
    const { result } = executed;
    return new Promise((resolve) => this.commit(id, 0, (answer) => resolve({ kind: "ended", result, answer })));
  }

  commit(id: TransactionId, timeoutMs: number, tell: Tell): void {
    this.checkHere(id);
    const session = this.sessions.get(id);
    if (session === undefined || this.enlistments.has(id)) {
      this.again(id, "", timeoutMs, tell);
      return;
    }
    this.checkIdle(session);
    const timeMs = this.timeOf(timeoutMs || session.timeoutMs);
    const participants = [...session.branches.keys()];
    this.admission.begin(id, participants, 0, timeMs);
    this.startSession(session, timeMs, tell);
  }

  abort(id: TransactionId, tell: Tell): void {
    this.checkHere(id);
    const session = this.sessions.get(id);
    if (session !== undefined) {
      this.abandon(session, { reason: "CANCELLED", detail: "the client aborted", participant: null }, tell);
      return;
    }
    this.checkRetry(id);
    this.engine.operate(id, this.choice.ofUnknown(), "cancel", "", tell);
  }

  /** @throws NemconError INVALID_TRANSACTION_ID, NOT_MINE, UNKNOWN_TRANSACTION */
  status(id: TransactionId): Promise<TransactionStatus> {
    this.checkHere(id);
    const session = this.sessions.get(id);
    if (session !== undefined) return Promise.resolve(statusOfSession(session));
    return new Promise((resolve, reject) => {
      // Through the engine, so that nothing is told that is not durable.
      this.engine.ask(id, this.choice.ofUnknown(), (answer) => {
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

  /** What a transaction that is being committed waits for and is not there, in words; "": nothing is known to be missing. */
  missing(id: TransactionId): string {
    const live = this.engine.live(id);
    if (live === undefined) return "";
    const { network } = this.options;
    const { participants, waitingFor } = live.view;
    const group = this.isMine(id) ? this.choice.groupFor(live.protocol, id) : null;
    const unlinked = missingFor(participants, group, (node) => network.isUp(node));
    // A node may have a link and not answer: then only who waits for it knows.
    return unlinked === "" ? (waitingFor ?? "") : unlinked;
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
    for (const { transaction, body } of envelopes) {
      if (body.kind === "vote" || body.kind === "one-phase-result") this.admission.answered(transaction, from);
      // Votes that go to acceptors come from them, those of several branches at once.
      else if (body.kind === "phase-2b")
        for (const { participant } of body.accepted) this.admission.answered(transaction, participant);
    }
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
    this.closed.tell(node);
    this.engine.suspect(node, false);
    this.sessions.reconnected(node);
  }

  onDown(node: NodeId, seen: Seen): void {
    this.up.delete(node);
    this.engine.suspect(node, true);
    this.engine.sawPeer(node, seen);
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
    this.closed.end();
    for (const session of this.sessions.all()) session.idle.cancel();
    this.engine.shutdown();
  }

  /** A request that was made before: it joins those that wait, or gets what is known. */
  private again(id: TransactionId, asked: ProtocolName | "", timeoutMs: number, tell: Tell): void {
    const enlistment = this.enlistments.get(id);
    if (enlistment !== undefined) {
      enlistment.join(tell);
      return;
    }
    this.checkRetry(id);
    const protocol = this.choice.ofUnknown(asked);
    const request = { transaction: id, protocol, branches: [], timeoutMs: this.timeOf(timeoutMs) };
    this.engine.start(this.descriptor(request), false, null, tell);
  }

  /** Work first, under tokens; the commit follows by itself. */
  private enlist(
    id: TransactionId,
    protocol: ProtocolName,
    branches: readonly { readonly participant: NodeId; readonly work: Uint8Array }[],
    timeMs: number,
    tell: Tell,
  ): void {
    const session = this.sessions.begin(id, protocol, timeMs);
    const { clock } = this.options;
    const enlistment = new Enlistment(session, branches.length, clock.nowMs() + timeMs, tell);
    this.enlistments.set(id, enlistment);
    this.changed([id]);
    for (const { participant, work } of branches) {
      this.sessions.work(session, participant, work, timeMs, (worked) => {
        switch (worked.kind) {
          case "done": {
            if (!enlistment.worked(participant, worked.result)) return;
            const leftMs = Math.max(1, Math.round(enlistment.deadlineMs - clock.nowMs()));
            this.enlistments.delete(id);
            this.startSession(session, leftMs, enlistment.committed);
            return;
          }
          case "failed": {
            const { reason, detail } = worked;
            this.abandon(session, { reason, detail, participant });
            return;
          }
          // Given up by whoever ended the session, who also tells.
          case "aborted":
            return;
          default:
            unreachable(worked);
        }
      });
    }
  }

  /** The commit of work that was done under tokens. */
  private startSession(session: Session, timeoutMs: number, tell: Tell): void {
    const branches = this.sessions.plans(session);
    this.sessions.end(session, COMMITTING);
    const { id: transaction, protocol } = session;
    this.start({ transaction, protocol, branches, timeoutMs }, tell);
  }

  private start(request: Started, tell: Tell): void {
    this.engine.start(this.descriptor(request), true, null, tell);
    const { transaction, protocol, branches } = request;
    for (const { participant } of branches)
      if (!this.options.network.isUp(participant)) this.engine.suspectIn(transaction, protocol, participant);
  }

  private checkLast(session: Session, participant: NodeId): void {
    if (session.initiator !== participant)
      throw new NemconError(
        "INVALID_REQUEST",
        session.initiator === null
          ? `${session.id} was begun without an initiator: commit it with Commit.`
          : `The last work of ${session.id} is done at ${session.initiator}, which begins its commit, and not at ${participant}.`,
      );
    this.checkIdle(session);
  }

  private checkIdle(session: Session): void {
    if (this.sessions.isBusy(session))
      throw new NemconError(
        "NOT_ACTIVE",
        `${session.id} still has operations under way: wait for their answers, then commit.`,
      );
  }

  /** Whether the last work travels with what makes the branch prepare. A branch that is not open yet may only do so in one-shot mode (protocols §0.3). */
  private beginsWithWork({ protocol, branches }: Session, participant: NodeId): boolean {
    return protocols[protocol].oneShot || branches.has(participant);
  }

  /** The machine sends the initiator its last work, and asks the others when its vote has come (§A.7-4). */
  private lastInCommit(session: Session, initiator: NodeId, work: Uint8Array): Promise<Executed> {
    const plans = this.sessions.plans(session);
    const none = { participant: initiator, token: null, workCount: 0, work: null };
    const all = plans.some(({ participant }) => participant === initiator) ? plans : [...plans, none];
    const branches = all.map((plan) => (plan.participant === initiator ? { ...plan, work } : plan));
    const { id: transaction, protocol } = session;
    const timeoutMs = this.timeOf(session.timeoutMs);
    this.sessions.end(session, COMMITTING);
    const participants = branches.map(({ participant }) => participant);
    this.admission.begin(transaction, participants, work.length, timeoutMs);
    return new Promise((resolve) => {
      this.start({ transaction, protocol, branches, timeoutMs, initiator }, (answer) => {
        const result = answer.outcome === "committed" ? answer.results.get(initiator) : undefined;
        resolve({ kind: "ended", result: result ?? new Uint8Array(0), answer });
      });
    });
  }

  private descriptor({ transaction, protocol, branches, timeoutMs, initiator = null }: Started): Descriptor {
    return {
      transaction,
      protocol,
      coordinator: this.options.node,
      branches,
      group: this.choice.groupFor(protocol, transaction),
      initiator,
      timeoutMs,
    };
  }

  private openIds(): TransactionId[] {
    return [...[...this.sessions.all()].map((session) => session.id), ...this.engine.liveIds()];
  }

  private abandon(session: Session, ending: Ending, tell: Tell | null = null): void {
    const { id: transaction, protocol } = session;
    const branches = this.sessions.plans(session);
    this.sessions.end(session, ending);
    const enlistment = this.enlistments.get(transaction);
    this.enlistments.delete(transaction);
    if (enlistment !== undefined && tell !== null) enlistment.join(tell);
    const told = enlistment === undefined ? tell : enlistment.abandoned(ending);
    const request = { transaction, protocol, branches, timeoutMs: this.timeOf(0) };
    this.engine.start(this.descriptor(request), true, ending.reason, told);
  }

  private async executedElsewhere(id: TransactionId): Promise<Executed> {
    if (this.enlistments.has(id))
      throw new NemconError("NOT_ACTIVE", `${id} takes no more work: it was submitted whole.`);
    const status = await this.status(id);
    if (status.state === "aborted")
      return { kind: "aborted", reason: status.reason === "" ? "CANCELLED" : status.reason, detail: status.detail };
    throw new NemconError("NOT_ACTIVE", `${id} takes no more work: it is ${status.state}.`);
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

  /** Its own, or one that it finished, or is finishing, for another coordinator. */
  private checkHere(id: TransactionId): void {
    if (!this.engine.isLive(id) && this.engine.outcomes.get(id) === undefined) this.checkMine(id);
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
    const { coordinator, incarnation } = parseTransactionId(id) ?? { coordinator: "", incarnation: 0 };
    if (coordinator !== this.options.node) return;
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
        detail: this.missing(id),
        participants: view.participants,
        startedAtMs: sinceMs,
        endedAtMs: 0,
      };
    }
    const kept = this.engine.outcomes.get(id);
    return kept === undefined ? null : statusOfClosed(id, kept.protocol, kept.closed, kept.atMs);
  }

  private changed(ids: readonly TransactionId[]): void {
    for (const id of ids) if (!this.engine.isLive(id) && this.sessions.get(id) === undefined) this.admission.end(id);
    this.closed.changed(ids);
    if (this.watchers.size === 0) return;
    for (const id of new Set(ids)) {
      const status = this.statusNow(id);
      if (status !== null) for (const listener of this.watchers) listener(status);
    }
  }

  /**
   * An own id tells its group, and has none any more when it is closed: the group may have gone. Another coordinator's
   * may have any that is known here.
   */
  private groupsFor(id: TransactionId): readonly AcceptorGroup[] {
    if (!this.isMine(id)) return this.groups.all();
    if (this.engine.outcomes.isClosed(this.options.node, id)) return [];
    const own = this.groups.of(id);
    return own === null ? this.groups.all() : [own];
  }

  private isMine(id: TransactionId): boolean {
    return parseTransactionId(id)?.coordinator === this.options.node;
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
