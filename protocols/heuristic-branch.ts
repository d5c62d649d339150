/** A prepared branch that a person ended, or that could not follow its decision, the same under every protocol (protocols §0.4, §A.10). */

import { backoff } from "./backoff.ts";
import { resource, type Branch } from "./branch.ts";
import { reportText } from "./heuristic.ts";
import type { Effect, Env, OperatorAct, ResourceResult, Send, Step, TimerStep } from "./machine.ts";
import type { ParticipantRecord } from "./record.ts";
import type { Decision, NodeId } from "./transaction.ts";

/**
 * Phases that are meant here: "prepared" or "doubt" (in doubt), "damaged" (commit was decided, and somebody outside wrote
 * to its rows), and "heuristic".
 */
export interface HeuristicBranch extends Branch {
  readonly phase: string;
  /** Why nothing of the branch was applied though it was to be; "": it was. */
  readonly damage: string;
  /** heuristic: what a person made of the branch, in whose words, and the decision once it is known. */
  readonly did: Decision;
  readonly reason: string;
  readonly told: Decision | null;
  /** In doubt: how often somebody was asked in vain. Told: how often the coordinator was told what the branch did. */
  readonly attempt: number;
}

type BranchStep<S> = Step<S, ParticipantRecord>;

/** What became of the branch, for its coordinator. */
export function reportOf({ phase, did, reason, damage }: HeuristicBranch): string {
  if (phase === "damaged" || damage !== "") return reportText("rolled back", damage);
  return reportText(did === "commit" ? "committed" : "rolled back", reason);
}

export function heuristicAlarm(state: HeuristicBranch): Effect {
  return { kind: "alarm", alarm: "heuristic", detail: reportOf(state) };
}

/**
 * A person's act. The record, and what the resource does, are in one journal transaction, so that the locks are
 * freed after it. It goes on asking: only the decision tells whether this did damage.
 *
 * @param ended the same state, ended
 * @param doing what the resource is to do for it
 * @param shown tells whoever asked what the branch is now; none where nobody waits
 */
export function onOperator<S extends HeuristicBranch>(
  env: Env,
  state: S,
  { act, reason }: { readonly act: OperatorAct; readonly reason: string },
  ended: (did: Decision) => S,
  doing: (did: Decision) => readonly Effect[],
  shown: (state: S) => readonly Effect[],
): BranchStep<S> {
  if (act === "acknowledge" && (state.phase === "damaged" || state.phase === "heuristic"))
    return lookedAfter(state, shown(state));
  const isStuck = state.phase === "prepared" || state.phase === "doubt";
  if (isStuck && (act === "force-commit" || act === "force-abort")) {
    const did = act === "force-commit" ? "commit" : "abort";
    const next = ended(did);
    return {
      state: next,
      records: [{ record: { kind: "heuristic", did, reason }, force: true }],
      effects: [...doing(did), heuristicAlarm(next), ...shown(next)],
      timers: [{ set: "decision", ...backoff(env.times.decisionMs, env.times.retryCapMs, 0) }],
    };
  }
  const effects = shown(state);
  return effects.length === 0 ? { state, ignored: "nothing-to-do" } : { state, effects };
}

/** What a commit by hand came to. An abort answers nothing. */
export function onForced<S extends HeuristicBranch>(
  state: S,
  result: ResourceResult & { readonly kind: "applied" },
): BranchStep<S> {
  if (result.outcome === "ok" || state.did !== "commit") return { state };
  const { detail } = result;
  return {
    state: { ...state, damage: detail },
    records: [{ record: { kind: "damaged", decision: "commit", detail }, force: true }],
    effects: [{ kind: "alarm", alarm: "outside-write", detail }],
  };
}

/** Whether the branch is where the decision wants it, whoever put it there. */
export function hasFollowed({ did, damage }: HeuristicBranch, decision: Decision): boolean {
  return (did === "commit" && damage === "") === (decision === "commit");
}

/**
 * The decision that it went against: written down, told, and left to a person. The coordinator hears of it again and
 * again until it says that a person has: it may have forgotten the transaction, and wait for no acknowledgement.
 *
 * @param reports to whoever waits for an acknowledgement, and to the coordinator
 */
export function wentAgainst<S extends HeuristicBranch>(
  env: Env,
  state: S,
  decision: Decision,
  reports: readonly Send[],
): BranchStep<S> {
  const next = { ...state, told: decision, attempt: 0 };
  return {
    state: next,
    records: [{ record: { kind: "told", decision }, force: true }],
    sends: reports,
    effects: [{ kind: "alarm", alarm: "heuristic", detail: `${decision} was decided; ${reportOf(state)}` }],
    timers: [reportLater(env, next)],
  };
}

/** The coordinator has not said yet that a person has seen to it; or this branch's node has started anew. */
export function reportedAgain<S extends HeuristicBranch>(env: Env, state: S, told: Decision): BranchStep<S> {
  const next = { ...state, attempt: state.attempt + 1 };
  return { state: next, sends: [reportTo(state.coordinator, state, told)], timers: [reportLater(env, next)] };
}

export function reportTo(to: NodeId, state: HeuristicBranch, decision: Decision): Send {
  return { to, body: { kind: "ack", decision, heuristic: reportOf(state) } };
}

function reportLater(env: Env, { attempt }: HeuristicBranch): TimerStep {
  return { set: "decision", ...backoff(env.times.decisionMs, env.times.retryCapMs, attempt) };
}

/** What could not be applied still holds its locks. */
export function freed({ damage }: HeuristicBranch): readonly Effect[] {
  return damage === "" ? [] : [resource({ act: "abort" })];
}

/** The damage is somebody's affair now: the row answers what still comes until the id is closed, and locks are freed. */
export function lookedAfter<S extends HeuristicBranch>(state: S, shown: readonly Effect[]): BranchStep<S> {
  const { participants } = state;
  return {
    state: null,
    closed: {
      outcome: {
        outcome: "heuristic",
        reason: null,
        detail: reportOf(state),
        result: null,
        participants,
        until: "closed",
      },
      force: true,
    },
    effects: [...freed(state), ...shown],
  };
}
