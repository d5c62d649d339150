/**
 * The contract of a machine: every commit protocol is a pure function from (environment, state, input)
 * to a step. No clock, no random, no I/O. `docs/architecture.md` tells how the engine runs it.
 */

import type { Message } from "./message.ts";
import type {
  Absence,
  AbortReason,
  AcceptorGroup,
  BranchPlan,
  BranchToken,
  Closed,
  Descriptor,
  NodeId,
  TransactionId,
} from "./transaction.ts";

/** How long a machine waits, in milliseconds; the engine draws the jitter. */
export interface Times {
  /** The longest wait for votes when the client names no timeout. */
  readonly voteMs: number;
  /** First wait before a decision is sent again; it doubles up to `retryCapMs`. */
  readonly acknowledgementMs: number;
  /** First wait of a prepared participant before it inquires; it doubles up to `retryCapMs`. */
  readonly decisionMs: number;
  readonly retryCapMs: number;
  /** How long an acceptor waits for the votes of all branches before it writes those that it has. Absent: 50. */
  readonly flushMs?: number;
  /** An active branch that sees no work for this long aborts on its own. */
  readonly idleMs: number;
}

/** What a machine may know of the process that runs it. */
export interface Env {
  readonly self: NodeId;
  /** The boot number, forced at start: part of every branch token and ballot. */
  readonly incarnation: number;
  readonly times: Times;
  /** The records and what the resource redoes are one log, with one fate (protocols §A.2 b). */
  readonly sharesLog: boolean;
  /** The coordinators that are known by now, in the same order everywhere: whom to ask when one is silent. */
  coordinators(): readonly NodeId[];
  /** The acceptor groups that a transaction may be pinned to of which nothing is known but its id, the current one first. */
  groups(id: TransactionId): readonly AcceptorGroup[];
}

/** Names a waiting caller; only the engine knows who stands behind it. */
export type ReplyId = number;

/** Timers have names; setting one again replaces it. */
export type Timer = "vote" | "acknowledgement" | "decision" | "idle" | "one-phase" | "ballot" | "flush" | "nudge";

export type Input =
  | {
      readonly kind: "start";
      readonly descriptor: Descriptor;
      readonly reply: ReplyId | null;
      readonly cancelled: AbortReason | null;
    }
  | {
      readonly kind: "message";
      readonly from: NodeId;
      readonly body: Message;
      /** the sender's deadline had passed when the turn began */ readonly expired: boolean;
    }
  | { readonly kind: "timeout"; readonly timer: Timer }
  | { readonly kind: "resource"; readonly result: ResourceResult }
  | { readonly kind: "suspicion"; readonly node: NodeId; readonly suspected: boolean }
  /** The coordinator says that this id is closed (§0.3): what is not prepared here never will be asked for. */
  | { readonly kind: "closed" }
  | { readonly kind: "ask"; readonly reply: ReplyId }
  | {
      readonly kind: "operator";
      readonly act: OperatorAct;
      /** The operator's own words, kept with what the act does; "" for a cancel. */
      readonly reason: string;
      readonly reply: ReplyId | null;
    };

/**
 * What a person may ask for (protocols §0.4). cancel: abort, where nothing is decided yet. force-commit,
 * force-abort: end a branch that is stuck, against the protocol. acknowledge: the damage that this may have done
 * was looked after, its record may go.
 */
export type OperatorAct = "cancel" | "force-commit" | "force-abort" | "acknowledge";

/** What a resource did with one request. `redo` and `result` are opaque to machines. */
export type ResourceResult =
  | { readonly kind: "worked"; readonly item: number; readonly ok: true; readonly result: Uint8Array }
  | {
      readonly kind: "worked";
      readonly item: number;
      readonly ok: false;
      readonly reason: AbortReason;
      readonly detail: string;
      /** the branch is unharmed and may go on */ readonly usable: boolean;
    }
  | { readonly kind: "prepared"; readonly vote: "yes"; readonly redo: Uint8Array; readonly result: Uint8Array }
  | { readonly kind: "prepared"; readonly vote: "read-only"; readonly result: Uint8Array }
  | { readonly kind: "prepared"; readonly vote: "no"; readonly reason: AbortReason; readonly detail: string }
  | { readonly kind: "applied"; readonly outcome: "ok" }
  /** Someone outside nemcon wrote to a locked row: nothing of the branch was applied. */
  | { readonly kind: "applied"; readonly outcome: "damaged"; readonly detail: string };

export type Effect =
  | { readonly kind: "reply"; readonly to: ReplyId; readonly answer: Answer }
  | { readonly kind: "resource"; readonly request: ResourceRequest }
  | { readonly kind: "alarm"; readonly alarm: Alarm; readonly detail: string };

/** What a machine asks of its resource; the engine adds the transaction. */
export type ResourceRequest =
  | { readonly act: "work"; readonly item: number; readonly work: Uint8Array }
  /**
   * `work` is a one-shot branch's whole work, null where the work was done before. `holds`: others of the transaction
   * may still take locks with their own work, so that what this branch read must stay locked until the decision, and it
   * votes yes also where it wrote nothing: a transaction that lets locks go before it has all of them is not serializable
   * (two-phase locking: Eswaran, Gray, Lorie, Traiger 1976).
   */
  | { readonly act: "prepare"; readonly work: Uint8Array | null; readonly holds?: true }
  | { readonly act: "commit" }
  | { readonly act: "abort" }
  /** After a restart: take the locks of a prepared branch again from its redo. */
  | { readonly act: "adopt"; readonly redo: Uint8Array };

/** heuristic: a person ended a branch against the protocol, or a branch is known to have gone against the decision. */
export type Alarm = "second-decision" | "outside-write" | "impossible-message" | "heuristic" | "second-proposal";

/** What a caller is told. `pending` and `unknown` are not verdicts. */
export type Answer =
  | { readonly outcome: "committed"; readonly results: ReadonlyMap<NodeId, Uint8Array>; readonly heuristic: boolean }
  | {
      readonly outcome: "aborted";
      readonly reason: AbortReason;
      readonly detail: string;
      readonly participant: NodeId | null;
    }
  | {
      readonly outcome: "pending";
      readonly state: PublicState;
      readonly participants: readonly NodeId[];
      /** What it can't go on without, in words; absent where nothing is known to be missing. */
      readonly waitingFor?: string;
    }
  | { readonly outcome: "forgotten" }
  | { readonly outcome: "not-mine" }
  | { readonly outcome: "unknown" };

/** The states that users see (docs/words.md). */
export type PublicState =
  | "active"
  | "preparing"
  | "committing"
  | "aborting"
  | "committed"
  | "aborted"
  | "in-doubt"
  | "heuristic";

export interface Send {
  readonly to: NodeId;
  readonly body: Message;
  /** The receiver starts no work later than this after it was sent. */
  readonly timeoutMs?: number;
}

export type TimerStep =
  | { readonly set: Timer; readonly minMs: number; readonly maxMs: number }
  | { readonly cancel: Timer };

/** A name for an input that a machine does not use; the engine counts them. */
export type Ignored =
  | "late-vote"
  | "duplicate-vote"
  | "late-acknowledgement"
  | "late-report"
  | "late-refusal"
  | "late-decision"
  | "late-work"
  | "late-prepare"
  | "late-timeout"
  | "late-resource-result"
  | "late-one-phase-result"
  | "late-promise"
  | "late-acceptance"
  | "outbid"
  | "already-decided"
  | "decision-pending"
  | "no-such-branch"
  | "not-mine-answer"
  | "nothing-to-do";

/**
 * What a machine wants done. The order is written here and kept in one place, the engine's turn:
 * **records first; when every forced record on which this state depends is durable (those of earlier
 * steps and of other instances on the same log included, protocols §0.1 W1), then sends, timers and
 * effects.** One exception: a request to an embedded resource runs inside the turn and its result is
 * stepped in the same turn, so that redo, locks and the protocol's record share one forced write.
 */
export interface Step<S, R> {
  /** null: forgotten; the engine keeps `closed` and collects the records. */
  readonly state: S | null;
  readonly records?: readonly { readonly record: R; readonly force: boolean }[];
  /** What stays behind when `state` is null: the end record. Absent where nothing need be kept. */
  readonly closed?: { readonly outcome: Closed; readonly force: boolean };
  readonly sends?: readonly Send[];
  readonly timers?: readonly TimerStep[];
  readonly effects?: readonly Effect[];
  /** Then all else is empty and the state is the same. */
  readonly ignored?: Ignored;
}

export interface Machine<S, R> {
  init(env: Env, id: TransactionId): S;
  step(env: Env, state: S, input: Input): Step<S, R>;
  /** After a crash: rebuilds the state from the durable records; sends again, sets timers, adopts. */
  restore(env: Env, id: TransactionId, records: readonly R[]): Step<S, R>;
  /** An input for an id without a state: presumptions, refusals, FORGOTTEN and UNKNOWN live here. */
  absent(env: Env, id: TransactionId, absence: Absence, input: Input): Step<S, R>;
  /** What users are shown of a live instance. */
  view(state: S): View;
}

export interface View {
  readonly state: PublicState;
  readonly participants: readonly NodeId[];
  readonly coordinator: NodeId | null;
  /** Others whose links matter to it; absent: none. */
  readonly others?: readonly NodeId[];
  /** What it can't go on without, in words; absent where nothing is known to be missing. */
  readonly waitingFor?: string;
}

export type { BranchPlan, BranchToken };

/** Stops the process: an input that the protocol proves impossible. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new AssertionError(what);
}

export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Ends a switch that the compiler knows to be exhausted. */
export function unreachable(value: never): never {
  throw new AssertionError(`no case for ${JSON.stringify(value)}`);
}
