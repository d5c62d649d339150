/**
 * Interactive transactions before their commit: which branches they have, under which tokens, and the work
 * that is under way. Nothing here is durable: a restart ends them, and their branches' tokens with them
 * (protocols §0.3).
 */

import type {
  AbortReason,
  Answer,
  BranchPlan,
  BranchToken,
  Message,
  NodeId,
  ProtocolName,
  TransactionId,
} from "../protocols/index.ts";
import type { Clock, Envelope, Scheduler } from "../runtime/engine/index.ts";
import { NemconError } from "../runtime/errors/index.ts";

/** What a caller of `execute` gets: results, or the end of the transaction. A refused statement that leaves the branch whole is thrown. */
export type Executed =
  | { readonly kind: "done"; readonly result: Uint8Array }
  /** The last work began the commit, and this came of it. */
  | { readonly kind: "ended"; readonly result: Uint8Array; readonly answer: Answer }
  | { readonly kind: "aborted"; readonly reason: AbortReason; readonly detail: string };

/** The same, with what `execute` throws as a value. */
type Worked =
  | Exclude<Executed, { kind: "ended" }>
  | { readonly kind: "failed"; readonly reason: AbortReason; readonly detail: string };

interface Item {
  readonly number: number;
  readonly work: Uint8Array;
  readonly deadlineMs: number;
  /** Of its next copy. */
  timer: { cancel(): void };
  done(worked: Worked): void;
}

/** Why a transaction is given up before its commit. */
export interface Ending {
  readonly reason: AbortReason;
  readonly detail: string;
  /** Whose branch it was, where it was one's. */
  readonly participant: NodeId | null;
}

interface Branch {
  token: BranchToken | null;
  answered: number;
  readonly waiting: Item[];
}

export interface Session {
  readonly id: TransactionId;
  readonly protocol: ProtocolName;
  /** How long its commit may take where the commit does not say; 0: the coordinator's default. */
  readonly timeoutMs: number;
  /** The participant whose last work begins the commit; null: none does. */
  readonly initiator: NodeId | null;
  /** Calendar milliseconds. */
  readonly sinceMs: number;
  readonly branches: Map<NodeId, Branch>;
  idle: { cancel(): void };
}

export interface SessionPorts {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  send(to: NodeId, envelopes: readonly Envelope[]): void;
  isUp(node: NodeId): boolean;
  /** The session is over: it aborts. */
  abandon(session: Session, ending: Ending): void;
}

export interface SessionTimes {
  readonly idleMs: number;
  /** Work that was not answered is sent again after this. */
  readonly resendMs: number;
}

/** Calls of one transaction at one participant: they are done one after the other, so that more of them only take memory. */
const MOST_WAITING = 64;

export class Sessions {
  private readonly open = new Map<TransactionId, Session>();
  private readonly ports: SessionPorts;
  private readonly times: SessionTimes;

  constructor(ports: SessionPorts, times: SessionTimes) {
    this.ports = ports;
    this.times = times;
  }

  get size(): number {
    return this.open.size;
  }

  begin(id: TransactionId, protocol: ProtocolName, timeoutMs: number, initiator: NodeId | null = null): Session {
    const { clock } = this.ports;
    const session: Session = {
      id,
      protocol,
      timeoutMs,
      initiator,
      sinceMs: clock.calendarMs(),
      branches: new Map(),
      idle: { cancel: () => undefined },
    };
    this.open.set(id, session);
    this.touch(session);
    return session;
  }

  get(id: TransactionId): Session | undefined {
    return this.open.get(id);
  }

  all(): IterableIterator<Session> {
    return this.open.values();
  }

  /** Takes the session out; what still waits is told that it is over. */
  end(session: Session, { reason, detail, participant }: Ending): void {
    this.open.delete(session.id);
    session.idle.cancel();
    const why = participant === null ? detail : `${participant}: ${detail}`;
    for (const branch of session.branches.values()) {
      for (const item of branch.waiting.splice(0)) {
        item.timer.cancel();
        item.done({ kind: "aborted", reason, detail: why });
      }
    }
  }

  /** Whether work is still under way somewhere. */
  isBusy(session: Session): boolean {
    return [...session.branches.values()].some((branch) => branch.waiting.length > 0);
  }

  /**
   * Sends work to a branch, after what was sent before; the first work opens the branch.
   *
   * @throws NemconError OVERLOADED where too many calls wait for it already; later OPERATION_FAILED
   */
  execute(session: Session, participant: NodeId, work: Uint8Array, timeoutMs: number): Promise<Executed> {
    const { promise, resolve, reject } = Promise.withResolvers<Executed>();
    this.work(session, participant, work, timeoutMs, (worked) => {
      if (worked.kind !== "failed") return resolve(worked);
      const { reason: abortReason, detail } = worked;
      reject(
        new NemconError("OPERATION_FAILED", `${participant}: ${detail}`, { details: { abortReason, participant } }),
      );
    });
    return promise;
  }

  /** The same; `done` is called once. @throws NemconError OVERLOADED */
  work(
    session: Session,
    participant: NodeId,
    work: Uint8Array,
    timeoutMs: number,
    done: (worked: Worked) => void,
  ): void {
    this.touch(session);
    let branch = session.branches.get(participant);
    if (branch === undefined) {
      branch = { token: null, answered: 0, waiting: [] };
      session.branches.set(participant, branch);
    }
    const { waiting, answered } = branch;
    if (waiting.length >= MOST_WAITING)
      throw new NemconError(
        "OVERLOADED",
        `${waiting.length} calls of ${session.id} wait for ${participant} already. This one was not begun; wait for their answers.`,
        { retryAfterMs: this.times.resendMs },
      );
    const deadlineMs = this.ports.clock.nowMs() + timeoutMs;
    waiting.push({ number: answered + waiting.length + 1, work, deadlineMs, timer: { cancel: () => undefined }, done });
    if (waiting.length === 1) this.sendFirst(session, participant);
  }

  /** A participant's answer to work. */
  answer(from: NodeId, id: TransactionId, body: Message & { kind: "worked" | "work-failed" }): void {
    const session = this.open.get(id);
    const branch = session?.branches.get(from);
    const item = branch?.waiting[0];
    if (session === undefined || branch === undefined || item === undefined || item.number !== body.item) return;
    if (branch.token !== null && body.kind === "worked" && !same(branch.token, body.token)) return;
    if (body.kind === "work-failed" && !body.usable) {
      const { reason, detail } = body;
      this.ports.abandon(session, { reason, detail, participant: from });
      return;
    }
    branch.token ??= body.token;
    branch.answered = item.number;
    branch.waiting.shift();
    item.timer.cancel();
    this.touch(session);
    if (branch.waiting.length > 0) this.sendFirst(session, from);
    if (body.kind === "worked") item.done({ kind: "done", result: body.result });
    else item.done({ kind: "failed", reason: body.reason, detail: body.detail });
  }

  /** A participant is back: what it may have missed goes out again. */
  reconnected(node: NodeId): void {
    for (const session of this.open.values()) {
      if ((session.branches.get(node)?.waiting.length ?? 0) > 0) this.sendItem(session, node);
    }
  }

  /** The branches as they are frozen at commit (protocols §0.1 W5). */
  plans(session: Session): BranchPlan[] {
    return [...session.branches].map(([participant, { token, answered }]) => ({
      participant,
      token,
      workCount: answered,
      work: null,
    }));
  }

  private touch(session: Session): void {
    session.idle.cancel();
    session.idle = this.ports.scheduler.after(this.times.idleMs, () => {
      if (this.isBusy(session)) this.touch(session);
      else {
        const detail = `no work for ${this.times.idleMs} ms`;
        this.ports.abandon(session, { reason: "IDLE_TIMEOUT", detail, participant: null });
      }
    });
  }

  private sendFirst(session: Session, to: NodeId): void {
    const item = this.sendItem(session, to);
    if (item !== undefined) this.watch(session, to, item);
  }

  private sendItem(session: Session, to: NodeId): Item | undefined {
    const branch = session.branches.get(to);
    const item = branch?.waiting[0];
    if (branch === undefined || item === undefined) return undefined;
    const { id: transaction, protocol } = session;
    const timeoutMs = Math.max(1, Math.round(item.deadlineMs - this.ports.clock.nowMs()));
    this.ports.send(to, [
      {
        transaction,
        protocol,
        timeoutMs,
        body: { kind: "work", token: branch.token, item: item.number, work: item.work },
      },
    ]);
    return item;
  }

  /** Sends again until it is answered or its time is over; work of unknown fate ends the transaction. */
  private watch(session: Session, to: NodeId, item: Item): void {
    const leftMs = item.deadlineMs - this.ports.clock.nowMs();
    item.timer = this.ports.scheduler.after(Math.max(1, Math.min(this.times.resendMs, leftMs)), () => {
      const current = this.open.get(session.id) === session && session.branches.get(to)?.waiting[0] === item;
      if (!current) return;
      if (this.ports.clock.nowMs() >= item.deadlineMs) {
        this.ports.abandon(session, this.silence(to));
        return;
      }
      this.sendFirst(session, to);
    });
  }

  private silence(node: NodeId): Ending {
    if (!this.ports.isUp(node))
      return { reason: "PARTICIPANT_UNREACHABLE", detail: `no link to ${node}`, participant: null };
    return { reason: "TIMEOUT", detail: `${node} did not answer work in time`, participant: null };
  }
}

function same(a: BranchToken, b: BranchToken): boolean {
  return a.incarnation === b.incarnation && a.number === b.number;
}
