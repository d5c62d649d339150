/**
 * The demonstration's second act: the same death under two protocols. Two-phase commit waits for its coordinator;
 * under Paxos Commit another one finds the votes at the acceptors and decides, also with one acceptor of three gone.
 */

import type { Branches, OpenBranch } from "./branches.ts";
import type { Load } from "./load.ts";
import { pause } from "./load.ts";
import type { Supervisor } from "./supervisor.ts";

/** What became of the branches that a dead coordinator left in doubt. Times in milliseconds, from the kill. */
export interface Left {
  readonly protocol: string;
  /** Held down. */
  readonly coordinator: string;
  /** Held down beside it; null: none. */
  readonly acceptor: string | null;
  readonly inDoubt: number;
  readonly locks: number;
  /** One of them, for people. */
  readonly example: OpenBranch | null;
  /** How long they were watched while it was down. */
  readonly watchedMs: number;
  /** Still in doubt when it was let come back. */
  readonly blocked: number;
  /** null: not within the bound. */
  readonly resolvedMs: number | null;
}

export interface Play {
  readonly supervisor: Supervisor;
  readonly branches: Branches;
  readonly coordinator: string;
}

/** Two-phase commit is watched this long: longer than Paxos Commit takes. */
const WATCH_MS = 3_000;
const UNDERWAY_MS = 100;
const RECOVERY_BOUND_MS = 60_000;
const MOMENT_BOUND_MS = 2_000;

/**
 * Runs the load until a branch is in doubt, and holds its coordinator down, until nothing is in doubt or for as long
 * as one watches; then everything comes back.
 *
 * @param load under the protocol; begun, and ended by this
 */
export async function leave(
  protocol: string,
  acceptor: string | null,
  load: Load,
  { supervisor, branches, coordinator }: Play,
  seconds: number,
): Promise<Left> {
  const mine = ({ transaction, state }: OpenBranch): boolean =>
    state === "in-doubt" && transaction.startsWith(`${coordinator}.`);
  if (acceptor !== null) await supervisor.hold(acceptor);
  load.start();
  await pause((seconds * 1_000) / 4);
  await branches.until((open) => open.some(mine), MOMENT_BOUND_MS);
  load.beginNoMore();
  const killedMs = performance.now();
  await supervisor.hold(coordinator);
  // What was on its way when it died arrives first.
  await pause(UNDERWAY_MS);
  const stuck = (await branches.open()).filter(mine);
  const ids = new Set(stuck.map(({ transaction }) => transaction));
  const isOver = (open: readonly OpenBranch[]): boolean => !open.some(({ transaction }) => ids.has(transaction));
  const alone = await branches.until(isOver, WATCH_MS);
  const watchedMs = performance.now() - killedMs;
  const blocked = alone ? 0 : (await branches.open()).filter(({ transaction }) => ids.has(transaction)).length;
  await Promise.all([supervisor.release(coordinator), ...(acceptor === null ? [] : [supervisor.release(acceptor)])]);
  const resolved = alone || (await branches.until(isOver, RECOVERY_BOUND_MS));
  const resolvedMs = alone ? watchedMs : performance.now() - killedMs;
  await load.stop();
  return {
    protocol,
    coordinator,
    acceptor,
    inDoubt: stuck.length,
    locks: stuck.reduce((sum, { locks }) => sum + locks.length, 0),
    example: stuck[0] ?? null,
    watchedMs,
    blocked,
    resolvedMs: resolved ? resolvedMs : null,
  };
}
