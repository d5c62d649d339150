/**
 * What the messages of each protocol mean to a judge: a vote, a decision that is told, a request that must not come
 * twice. Judges know these and no protocol's name.
 */

import type { Fields } from "../../trace/index.ts";

export type Decision = "commit" | "abort";
export type Vote = "yes" | "no" | "read-only";

/** What somebody says by sending a message; null: nothing that a judge needs. */
export type Meaning =
  | { readonly says: "vote"; readonly vote: Vote }
  | { readonly says: "decision"; readonly decision: Decision }
  /** The sender asks for a vote; the members are those whose votes are needed. */
  | { readonly says: "request"; readonly members: readonly string[] | null }
  /** The same under a protocol that may ask again, whoever asks. */
  | { readonly says: "invitation"; readonly members: readonly string[] }
  /** A vote for acceptors: a proposal of the branch's own ballot. */
  | { readonly says: "cast"; readonly vote: Vote; readonly members: readonly string[] | null }
  | { readonly says: "proposal" }
  | { readonly says: "acceptance" }
  | { readonly says: "promise" }
  /** One participant is left to decide alone, and there is no vote. */
  | { readonly says: "alone" }
  /** What a branch that decided alone has decided. */
  | { readonly says: "result"; readonly decision: Decision }
  | { readonly says: "acknowledged"; readonly decision: Decision; readonly heuristic: boolean };

export function meaningOf(message: Fields): Meaning | null {
  switch (message.kind) {
    case "vote":
      return { says: "vote", vote: message["vote"] as Vote };
    case "decision":
      return { says: "decision", decision: message["decision"] as Decision };
    // Three-phase commit: a site that knows the decision tells it to whoever asks.
    case "state-report": {
      const { state } = message as Fields & { state: string };
      if (state !== "committed" && state !== "aborted") return null;
      return { says: "decision", decision: state === "committed" ? "commit" : "abort" };
    }
    case "prepare":
    case "last-work":
      return { says: "request", members: message["participants"] as readonly string[] };
    case "paxos-prepare":
    case "paxos-last-work":
      return { says: "invitation", members: membersOf(message) ?? [] };
    case "phase-2a": {
      const { ballot, proposals } = message as Fields & {
        ballot?: { counter: number };
        proposals: readonly { value: string }[];
      };
      if (ballot?.counter !== 0) return { says: "proposal" };
      const vote = proposals.every(({ value }) => value === "prepared") ? "yes" : "no";
      return { says: "cast", vote, members: membersOf(message) };
    }
    case "phase-2b":
      return { says: "acceptance" };
    case "phase-1b":
      return { says: "promise" };
    case "commit-one-phase":
      return { says: "alone" };
    case "one-phase-result":
      return { says: "result", decision: message["outcome"] === "committed" ? "commit" : "abort" };
    case "ack": {
      const { decision, heuristic } = message as Fields & { decision: Decision; heuristic: string | null };
      return { says: "acknowledged", decision, heuristic: heuristic !== null };
    }
    default:
      return null;
  }
}

function membersOf(message: Fields): readonly string[] | null {
  const { membership } = message as Fields & { membership: { participants: readonly string[] } | null };
  return membership?.participants ?? null;
}

/** Kinds of messages that ask for a vote: they are sent once for a transaction, but for copies. */
export function isRequest(kind: string): boolean {
  return kind === "prepare" || kind === "last-work" || kind === "commit-one-phase";
}
