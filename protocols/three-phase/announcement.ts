/** A decision that its decider tells until every site has acknowledged it, whichever it is (protocols §B.10). */

import { backoff } from "../backoff.ts";
import type { Env, Send, TimerStep } from "../machine.ts";
import type { AbortReason, Decision, NodeId } from "../transaction.ts";

export interface Announcement {
  readonly decision: Decision;
  /** null unless it is an abort. */
  readonly reason: AbortReason | null;
  readonly detail: string;
  readonly unacknowledged: readonly NodeId[];
  readonly attempt: number;
}

export function announce({ decision, unacknowledged }: Announcement): Send[] {
  return unacknowledged.map((to) => ({ to, body: { kind: "decision", decision } }));
}

export function announceLater(env: Env, { attempt }: Announcement): TimerStep {
  const { acknowledgementMs, retryCapMs } = env.times;
  return { set: "acknowledgement", ...backoff(acknowledgementMs, retryCapMs, attempt) };
}

export function acknowledged(announcement: Announcement, by: NodeId): Announcement {
  return { ...announcement, unacknowledged: announcement.unacknowledged.filter((node) => node !== by) };
}
