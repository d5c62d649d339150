/**
 * A branch before its vote, the same under every protocol: enlistment, work under a token, and when the work is
 * whole (protocols §0.3). What follows the vote is each protocol's own.
 */

import type { Effect, Env, ResourceRequest, ResourceResult, Send, Step } from "./machine.ts";
import type { Message } from "./message.ts";
import type { AbortReason, Absence, BranchToken, Closed, NodeId, TransactionId } from "./transaction.ts";

export interface Branch {
  readonly transaction: TransactionId;
  /** Who asks for work, and later for the vote. */
  readonly coordinator: NodeId;
  readonly participants: readonly NodeId[];
  /** null: one-shot, the work came with the request to prepare. */
  readonly token: BranchToken | null;
  /** Work items answered under the token. */
  readonly items: number;
  /** The item that the resource has not answered yet. */
  readonly pendingItem: number | null;
  /** The answer to the last item, for a request that comes twice. */
  readonly lastAnswer: Message | null;
  /** What a one-shot branch, or a vote that is sent again, returns. */
  readonly result: Uint8Array;
}

/** A branch in a protocol's state: work is taken while it is "active". */
type Phased = Branch & { readonly phase: string };

export const NOTHING = new Uint8Array(0);

/** Why a branch that is not whole votes no. */
export const PART = "work of this branch was lost or is still under way";

export function openBranch(env: Env, id: TransactionId): Branch {
  return {
    transaction: id,
    coordinator: "",
    participants: [],
    // One branch per id and incarnation: a tombstone stands in the way of a second one.
    token: { incarnation: env.incarnation, number: 1 },
    items: 0,
    pendingItem: null,
    lastAnswer: null,
    result: NOTHING,
  };
}

export function onWork<S extends Phased>(
  env: Env,
  state: S,
  from: NodeId,
  body: Message & { kind: "work" },
): Step<S, never> {
  const { item } = body;
  if (state.phase !== "active") return { state, ignored: "late-work" };
  const mine = body.token === null ? item === 1 : isSameToken(body.token, state.token);
  if (!mine || item > state.items + 1)
    return {
      state,
      sends: [workFailed(from, state.token, item, "the work belongs to another branch of this transaction")],
    };
  if (state.pendingItem !== null) return { state, ignored: "late-work" };
  if (item === state.items && state.lastAnswer !== null)
    return { state, sends: [{ to: from, body: state.lastAnswer }] };
  if (item <= state.items) return { state, ignored: "late-work" };
  return {
    state: { ...state, coordinator: from, pendingItem: item },
    timers: [{ set: "idle", minMs: env.times.idleMs, maxMs: env.times.idleMs }],
    effects: [resource({ act: "work", item, work: body.work })],
  };
}

/** @param opened the branch that the first work of a fresh id opens */
export function absentWork<S extends Phased>(
  env: Env,
  opened: S,
  absence: Absence,
  from: NodeId,
  body: Message & { kind: "work" },
): Step<S, never> {
  if (absence.kind === "fresh" && body.token === null && body.item === 1)
    return onWork(env, { ...opened, coordinator: from }, from, body);
  const detail =
    absence.kind === "closed" && absence.closed.detail !== ""
      ? absence.closed.detail
      : "the branch is over: the participant restarted, or it was aborted";
  return { state: null, sends: [workFailed(from, body.token, body.item, detail)] };
}

export function onWorked<S extends Phased>(
  env: Env,
  state: S,
  result: ResourceResult & { kind: "worked" },
): Step<S, never> {
  if (state.phase !== "active" || state.pendingItem !== result.item || state.token === null)
    return { state, ignored: "late-resource-result" };
  const { token } = state;
  const { item } = result;
  if (!result.ok && !result.usable) {
    const { reason, detail } = result;
    return {
      state: null,
      closed: { outcome: tombstone(reason, detail), force: false },
      sends: [{ to: state.coordinator, body: { kind: "work-failed", token, item, reason, detail, usable: false } }],
      effects: [resource({ act: "abort" })],
    };
  }
  const answer: Message = result.ok
    ? { kind: "worked", token, item, result: result.result }
    : { kind: "work-failed", token, item, reason: result.reason, detail: result.detail, usable: true };
  return {
    state: { ...state, items: item, pendingItem: null, lastAnswer: answer },
    sends: [{ to: state.coordinator, body: answer }],
    timers: [{ set: "idle", minMs: env.times.idleMs, maxMs: env.times.idleMs }],
  };
}

/** All work that the coordinator counts, done under the token that it names (§0.3), and none under way. */
export function isWhole(state: Branch, body: { token: BranchToken | null; workCount: number }): boolean {
  return (
    body.token !== null &&
    isSameToken(body.token, state.token) &&
    body.workCount === state.items &&
    state.pendingItem === null
  );
}

/** What answers late copies of a branch that is over and was not committed. */
export function tombstone(reason: AbortReason, detail: string, participants: readonly NodeId[] = []): Closed {
  return { outcome: "aborted", reason, detail, result: null, participants, until: "closed" };
}

export function resource(request: ResourceRequest): Effect {
  return { kind: "resource", request };
}

export function impossible(from: NodeId, body: Message): Effect {
  return {
    kind: "alarm",
    alarm: "impossible-message",
    detail: `${from} sent ${body.kind === "decision" ? body.decision : body.kind}, which this branch can't be due`,
  };
}

export function workFailed(
  to: NodeId,
  token: BranchToken | null,
  item: number,
  detail: string,
  reason: AbortReason = "BRANCH_LOST",
): Send {
  return { to, body: { kind: "work-failed", token, item, reason, detail, usable: false } };
}

function isSameToken(a: BranchToken | null, b: BranchToken | null): boolean {
  return a !== null && b !== null && a.incarnation === b.incarnation && a.number === b.number;
}
