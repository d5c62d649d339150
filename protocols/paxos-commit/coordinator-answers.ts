/** What callers and people are told of a transaction, and why. */

import { isSameBallot } from "../ballot.ts";
import { decisionOfRow } from "../heuristic.ts";
import { unreachable, type Answer, type Effect, type Env, type ReplyId, type View } from "../machine.ts";
import { quorumOf } from "../quorum.ts";
import type { Absence, AcceptorGroup, NodeId } from "../transaction.ts";
import { type Why, type State, TAKEN_OVER, isDecided, hasVoted, groupsOf } from "./coordinator-state.ts";

export function whyLate(state: State): Why {
  const silent = (state.membership?.participants ?? []).filter((node) => !hasVoted(state, node));
  const cut = silent.filter((node) => state.suspected.includes(node));
  if (cut.length > 0) return { reason: "PARTICIPANT_UNREACHABLE", detail: `no link to ${cut.join(", ")}` };
  const who = silent.length === 0 ? "the acceptors" : silent.join(", ");
  return { reason: "TIMEOUT", detail: `no vote in time from ${who}` };
}

export function answerOf(state: State): Answer {
  if (isDecided(state)) return outcomeOf(state);
  const { state: shown, participants, waitingFor } = view(state);
  return { outcome: "pending", state: shown, participants, ...(waitingFor === undefined ? {} : { waitingFor }) };
}

/** What keeps the ballot from its quorum; null: it has one. */
export function missing(env: Env, state: State): string | null {
  return (
    groupsOf(env, state)
      .map((group) => missingOf(state, group))
      .find((text) => text !== null) ?? null
  );
}

export function missingOf({ phase, promises, tally, ballot }: State, group: AcceptorGroup): string | null {
  const { acceptors } = group;
  const heard = acceptors.filter((node) =>
    phase === "promising"
      ? promises.some(({ acceptor }) => acceptor === node)
      : tally.some((each) => each.acceptor === node && isSameBallot(each.ballot, ballot)),
  );
  if (heard.length >= quorumOf(group)) return null;
  const silent = acceptors.filter((node) => !heard.includes(node));
  const verb = silent.length === 1 ? "does" : "do";
  return `${quorumOf(group)} of ${acceptors.length} acceptors are needed, and ${listed(silent)} ${verb} not answer`;
}

export function listed(nodes: readonly NodeId[]): string {
  return nodes.length < 2 ? nodes.join("") : `${nodes.slice(0, -1).join(", ")} and ${nodes.at(-1) ?? ""}`;
}

export function outcomeOf(state: State): Answer {
  if (state.phase === "committing") {
    const results = new Map<NodeId, Uint8Array>();
    for (const { participant, result } of state.words) if (result.length > 0) results.set(participant, result);
    return { outcome: "committed", results, heuristic: state.reports.length > 0 };
  }
  for (const { participant, reason, detail } of state.words)
    if (reason !== null) return { outcome: "aborted", reason, detail, participant };
  return { outcome: "aborted", ...state.why, participant: null };
}

export function answered(to: ReplyId, absence: Absence): Effect {
  return { kind: "reply", to, answer: answerFor(absence) };
}

export function answerFor(absence: Absence): Answer {
  switch (absence.kind) {
    case "closed": {
      const { outcome, reason, detail } = absence.closed;
      if (decisionOfRow(absence.closed) === "abort")
        return { outcome: "aborted", reason: reason ?? TAKEN_OVER.reason, detail, participant: null };
      return { outcome: "committed", results: new Map(), heuristic: outcome === "heuristic" };
    }
    case "forgotten":
      return { outcome: "forgotten" };
    case "foreign":
      return { outcome: "not-mine" };
    case "lost":
    case "fresh":
      return { outcome: "unknown" };
    default:
      return unreachable(absence);
  }
}

export function view(state: State): View {
  const participants =
    state.membership?.participants ?? state.descriptor?.branches.map(({ participant }) => participant) ?? [];
  const shown = {
    init: "active",
    beginning: "preparing",
    voting: "preparing",
    promising: "preparing",
    proposing: "preparing",
    committing: "committing",
    aborting: "aborting",
  } as const;
  const waitingFor = isDecided(state) || state.missing === null ? {} : { waitingFor: state.missing };
  return { state: shown[state.phase], participants, coordinator: null, ...waitingFor };
}
