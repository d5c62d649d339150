/** The demonstration: a workload over the banks, the coordinator killed in the middle, and every answer compared with the books. */

import { connect, NemconError, type Client } from "../../client/index.ts";
import type { Bank, Judge, Verdict, Workload } from "../../lab/index.ts";
import { Branches, type OpenBranch } from "./branches.ts";
import type { Layout } from "./cluster.ts";
import { Load, pause, TRANSACTION_MS } from "./load.ts";
import { leave, type Left } from "./second-act.ts";
import type { Supervisor } from "./supervisor.ts";

export interface DemoOptions {
  /** Load before the kill, and again after the recovery, in seconds each. */
  readonly seconds: number;
  readonly concurrency: number;
}

/** Everything that was measured. Times in milliseconds, money in cents. */
export interface DemoFigures {
  readonly workload: string;
  readonly seed: number;
  readonly submitted: number;
  readonly committed: number;
  readonly aborted: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
  readonly unknown: number;
  /** Of all: whose outcome was asked for by its id, since the first answer was unknown. */
  readonly asked: number;
  readonly types: Readonly<Record<string, number>>;
  /** Of the first act, its outage included. */
  readonly perSecond: number;
  /** The last kill, and how many there were. */
  readonly killed: Killed & { readonly kills: number };
  /** The second act; empty where the cluster has one coordinator, or fewer than three acceptors. */
  readonly left: readonly Left[];
  readonly branchesLeft: number;
  readonly verdict: Verdict;
}

export interface Killed {
  readonly name: string;
  /** Transactions that clients waited for at that moment. */
  readonly underway: number;
  /** Branches that waited for its decision while it was down, and the locks that they held. */
  readonly inDoubt: number;
  readonly locks: number;
  /** Answers that clients were given meanwhile, by the other coordinators. */
  readonly answeredMeanwhile: number;
  readonly downMs: number;
  /** From its new start until none of them was left; null: not within the bound. */
  readonly resolvedMs: number | null;
  /** From the kill until none of them was left. */
  readonly inDoubtMs: number | null;
}

/** What the person who watches is told while it runs. */
export interface Teller {
  loading(): void;
  killed(name: string, pid: number | null, underway: number): void;
  inDoubt(branches: readonly OpenBranch[], downMs: number, answered: number): void;
  back(killed: Killed): void;
  secondAct(): void;
  left(left: Left): void;
  working<T>(label: string, work: Promise<T>): Promise<T>;
}

/** Held down this long, so that what is in doubt can be looked at. */
const DOWN_MS = 1_000;
const RECOVERY_BOUND_MS = 60_000;
/** The kill waits this long for a branch that is in doubt, so that there is something to look at. */
const MOMENT_BOUND_MS = 2_000;
const MOST_KILLS = 3;

export interface Stage {
  readonly layout: Layout;
  readonly supervisor: Supervisor;
  /** Prepared. */
  readonly workload: Workload;
}

export function banksOf({ participants }: Layout): Bank[] {
  return participants.map(({ name, database }) => ({ name, file: database }));
}

export async function demonstrate(
  { layout, supervisor, workload }: Stage,
  options: DemoOptions,
  tell: Teller,
): Promise<DemoFigures> {
  const [target] = layout.coordinators;
  if (target === undefined) throw new NemconError("USAGE", "The demonstration needs a coordinator.");
  const banks = banksOf(layout);
  const settings = {
    defaultTimeoutMs: TRANSACTION_MS,
    protocol: "2pc",
    retryBudget: { ratio: 0.1, reserve: options.concurrency * 4 },
  };
  const addresses = layout.coordinators.map(({ address }) => address);
  const everyone = connect(addresses, settings);
  // Most work with the coordinator that will be killed; the others' work goes on meanwhile, as far as locks let it.
  const mostly = connect(target.address, settings);
  const elsewhere = connect(addresses.slice(1).concat(addresses.length === 1 ? addresses : []), settings);
  const branches = new Branches(layout.participants);
  try {
    await tell.working("Waiting for the banks", linked(everyone, banks));
    // What an earlier run over the same files left in doubt is resolved before the books are read.
    const clean = await branches.until((open) => open.length === 0, RECOVERY_BOUND_MS);
    if (!clean) throw new NemconError("OVERLOADED", "Branches of others are open at the banks: try again later.");
    const judge = workload.begin(banks);
    const load = new Load({ everyone, mostly, elsewhere }, { workload, judge }, options.concurrency);
    tell.loading();
    load.start();
    await tell.working("Running", pause(options.seconds * 1_000));

    const killed = await killInDoubt(target.name, { supervisor, branches, load, tell });

    await tell.working("Running", pause(options.seconds * 1_000));
    await tell.working("Finishing what is under way", load.stop());
    const acts = await secondAct({ layout, supervisor, workload }, { judge, branches }, options, tell);
    await branches.until((open) => open.length === 0, RECOVERY_BOUND_MS);
    const open = await branches.open();
    return figures(workload, [load, ...acts.loads], judge.verdict(), { killed, left: acts.left }, open.length);
  } finally {
    branches.close();
    for (const client of [everyone, mostly, elsewhere]) client.close();
  }
}

/** The same death under two-phase commit and under Paxos Commit, side by side (second-act.ts). */
async function secondAct(
  { layout, supervisor, workload }: Stage,
  { judge, branches }: { readonly judge: Judge; readonly branches: Branches },
  { seconds, concurrency }: DemoOptions,
  tell: Teller,
): Promise<{ readonly left: readonly Left[]; readonly loads: readonly Load[] }> {
  const [target, other] = layout.coordinators;
  const [acceptor] = layout.acceptors;
  if (target === undefined || other === undefined || layout.acceptors.length < 3) return { left: [], loads: [] };
  tell.secondAct();
  const left: Left[] = [];
  const loads: Load[] = [];
  for (const [protocol, down] of [
    ["2pc", null],
    ["paxos-commit", acceptor?.name ?? null],
  ] as const) {
    const reserve = concurrency * 4;
    const one = connect(target.address, {
      defaultTimeoutMs: TRANSACTION_MS,
      protocol,
      retryBudget: { ratio: 0.1, reserve },
    });
    try {
      const play = { supervisor, branches, coordinator: target.name };
      // Again, where it died in a moment in which no branch was in doubt.
      for (let kills = 1; ; kills += 1) {
        const load = new Load({ everyone: one, mostly: one, elsewhere: one }, { workload, judge }, concurrency);
        loads.push(load);
        const seen = await tell.working(`Waiting under ${protocol}`, leave(protocol, down, load, play, seconds));
        if (seen.inDoubt === 0 && kills < MOST_KILLS) continue;
        tell.left(seen);
        left.push(seen);
        break;
      }
    } finally {
      one.close();
    }
  }
  return { left, loads };
}

interface Scene {
  readonly supervisor: Supervisor;
  readonly branches: Branches;
  readonly load: Load;
  readonly tell: Teller;
}

/** Kills it again, a few times, where the moment was one in which no branch was in doubt. */
async function killInDoubt(name: string, scene: Scene): Promise<DemoFigures["killed"]> {
  for (let kills = 1; ; kills += 1) {
    const killed = await kill(name, scene);
    if (killed.inDoubt > 0 || kills === MOST_KILLS) return { ...killed, kills };
    await pause(DOWN_MS);
  }
}

/** Kills a coordinator under load, looks at what it leaves in doubt, and lets it come back. */
async function kill(name: string, { supervisor, branches, load, tell }: Scene): Promise<Killed> {
  // An id begins with the name of the coordinator that gave it.
  const inDoubt = ({ transaction, state }: OpenBranch): boolean =>
    state === "in-doubt" && transaction.startsWith(`${name}.`);
  await branches.until((open) => open.some(inDoubt), MOMENT_BOUND_MS);
  const { underway } = load;
  const answeredBefore = load.answers.length;
  const pid = supervisor.pid(name);
  const killedMs = performance.now();
  await supervisor.hold(name);
  tell.killed(name, pid, underway);
  await pause(DOWN_MS);
  const stuck = (await branches.open()).filter(inDoubt);
  const downMs = performance.now() - killedMs;
  const answeredMeanwhile = load.answers.length - answeredBefore;
  tell.inDoubt(stuck, downMs, answeredMeanwhile);
  const releasedMs = performance.now();
  await supervisor.release(name);
  const ids = new Set(stuck.map(({ transaction }) => transaction));
  const resolved = await branches.until(
    (open) => !open.some(({ transaction }) => ids.has(transaction)),
    RECOVERY_BOUND_MS,
  );
  const nowMs = performance.now();
  const killed = {
    name,
    underway,
    inDoubt: stuck.length,
    locks: stuck.reduce((sum, { locks }) => sum + locks.length, 0),
    answeredMeanwhile,
    downMs,
    resolvedMs: resolved ? nowMs - releasedMs : null,
    inDoubtMs: resolved ? nowMs - killedMs : null,
  };
  tell.back(killed);
  return killed;
}

function figures(
  workload: Workload,
  loads: readonly Load[],
  verdict: Verdict,
  { killed, left }: Pick<DemoFigures, "killed" | "left">,
  branchesLeft: number,
): DemoFigures {
  const aborted: Record<string, number> = {};
  const refused: Record<string, number> = {};
  let committed = 0;
  let unknown = 0;
  const [first] = loads;
  if (first === undefined) throw new Error("no load was run");
  const isResolved = killed.resolvedMs !== null && left.every(({ resolvedMs }) => resolvedMs !== null);
  const answers = loads.flatMap((load) => load.answers);
  const types = new Map<string, number>();
  for (const load of loads) for (const [type, count] of load.types) types.set(type, (types.get(type) ?? 0) + count);
  for (const { outcome } of answers) {
    if (outcome.kind === "committed") committed += 1;
    else if (outcome.kind === "aborted") aborted[outcome.reason] = (aborted[outcome.reason] ?? 0) + 1;
    else if (outcome.kind === "refused") refused[outcome.reason] = (refused[outcome.reason] ?? 0) + 1;
    else unknown += 1;
  }
  return {
    workload: workload.name,
    seed: workload.seed,
    submitted: answers.length,
    committed,
    aborted,
    refused,
    unknown,
    asked: loads.reduce((sum, { asked }) => sum + asked, 0),
    types: Object.fromEntries(types),
    perSecond: Math.round((first.answers.length / first.elapsedMs) * 1_000),
    killed,
    left,
    branchesLeft,
    verdict: branchesLeft === 0 && isResolved ? verdict : { ...verdict, valid: false },
  };
}

/** Every bank answers through the coordinator: it has its link. */
async function linked(client: Client, banks: readonly Bank[]): Promise<void> {
  const endMs = performance.now() + RECOVERY_BOUND_MS;
  for (const { name } of banks) {
    for (;;) {
      try {
        await client.query(name, "SELECT 1");
        break;
      } catch (thrown) {
        if (!NemconError.is(thrown) || performance.now() > endMs) throw thrown;
        await pause(25);
      }
    }
  }
}
