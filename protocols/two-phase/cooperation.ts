/**
 * Cooperative termination (Bernstein, Hadzilacos, Goodman 1987, ch. 7; protocols §A.8): a participant in doubt
 * asks the others when its coordinator is silent.
 *
 * Two things look like a proof of abort and are none. A branch that has committed and was forgotten leaves
 * nothing behind: so only an id that is new and not closed counts as never voted for, and a row answers
 * otherwise. And a vote of READ_ONLY leaves an unforced row: after a crash its branch looks new, may even be
 * worked for again by a late copy, and whatever this second life comes to says nothing about the transaction.
 * So a branch is a witness only in its first life: it began after this node started, or it was prepared in such
 * a life. A witness's tombstone names participants; that of another names none.
 */

import { resource, tombstone } from "../branch.ts";
import type { Env, Send } from "../machine.ts";
import { unreachable } from "../machine.ts";
import type { Message } from "../message.ts";
import type { Absence, Decision, NodeId } from "../transaction.ts";
import type { ParticipantStep, State } from "./participant-state.ts";

type Answer = (Message & { kind: "decision-reply" })["answer"];

/** The participants that a tombstone of this branch names. */
export function witnesses(
  env: Env,
  { firstLife, participants }: Pick<State, "firstLife" | "participants">,
): readonly NodeId[] {
  if (!firstLife) return [];
  return participants.length === 0 ? [env.self] : participants;
}

export function requestsToPeers(env: Env, { firstLife, participants }: State): Send[] {
  // In a second life a commit that others have applied is none for this branch: it had dropped out.
  if (!firstLife) return [];
  return participants.filter((node) => node !== env.self).map((to) => ({ to, body: { kind: "decision-request" } }));
}

/** A peer is in doubt and asks. What has not voted aborts first, durably, and will vote no. */
export function onPeerRequest(env: Env, state: State, from: NodeId): ParticipantStep {
  switch (state.phase) {
    case "active":
    case "preparing": {
      if (!state.firstLife || state.onePhase) return { state, sends: [reply(from, "unknown")] };
      const detail = `${from} was in doubt and asked before this branch had voted`;
      // The request to prepare has been taken already, and will not be answered otherwise.
      const vote: Send = {
        to: state.coordinator,
        body: { kind: "vote", vote: "no", reason: "CANCELLED", detail },
      };
      return {
        state: null,
        closed: { outcome: tombstone("CANCELLED", detail, witnesses(env, state)), force: true },
        sends: [reply(from, "abort"), ...(state.phase === "preparing" ? [vote] : [])],
        effects: [resource({ act: "abort" })],
      };
    }
    case "prepared":
    case "committing":
      return { state, sends: [reply(from, "uncertain")] };
    case "damaged":
      return { state, sends: [reply(from, "commit")] };
    case "heuristic":
      return { state, sends: [reply(from, state.told ?? "uncertain")] };
    default:
      return unreachable(state.phase);
  }
}

/** The same where there is no state. */
export function absentPeerRequest(env: Env, absence: Absence, from: NodeId): ParticipantStep {
  const unknown: ParticipantStep = { state: null, sends: [reply(from, "unknown")] };
  switch (absence.kind) {
    case "fresh":
      if (absence.sinceStart !== true) return unknown;
      return {
        state: null,
        closed: {
          outcome: tombstone("CANCELLED", `${from} was in doubt and asked before any work came`, [env.self]),
          force: true,
        },
        sends: [reply(from, "abort")],
      };
    case "closed": {
      const { closed } = absence;
      if (closed.outcome === "committed") return { state: null, sends: [reply(from, "commit")] };
      if (closed.outcome !== "aborted" || closed.participants.length === 0) return unknown;
      // Its tombstone may still wait in memory, and the peer will rely on it.
      return { state: null, closed: { outcome: closed, force: true }, sends: [reply(from, "abort")] };
    }
    case "forgotten":
    case "lost":
    case "foreign":
      return unknown;
    default:
      return unreachable(absence);
  }
}

/** The decision that a peer's answer gives; null: it is no help, or of no use here. */
export function onPeerReply(state: State, from: NodeId, answer: Answer): Decision | null {
  const isWaiting = state.phase === "prepared" || (state.phase === "heuristic" && state.told === null);
  if (!isWaiting || !state.firstLife || !state.participants.includes(from)) return null;
  return answer === "commit" || answer === "abort" ? answer : null;
}

function reply(to: NodeId, answer: Answer): Send {
  return { to, body: { kind: "decision-reply", answer } };
}
