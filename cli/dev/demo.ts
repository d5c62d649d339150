/** The demonstration: SmallBank over the banks, the coordinator killed in the middle, and every answer compared with the books. */

import { connect, NemconError, type Client } from "../../client/index.ts";
import {
  answerTo,
  askAgain,
  judge,
  readBooks,
  SmallBank,
  type Answered,
  type Bank,
  type Books,
  type Verdict,
} from "../../lab/index.ts";
import { Branches, type OpenBranch } from "./branches.ts";
import type { Layout } from "./cluster.ts";
import type { Supervisor } from "./supervisor.ts";

export interface DemoOptions {
  readonly seed: number;
  /** Load before the kill, and again after the recovery, in seconds each. */
  readonly seconds: number;
  readonly concurrency: number;
}

/** Everything that was measured. Times in milliseconds, money in cents. */
export interface DemoFigures {
  readonly seed: number;
  readonly submitted: number;
  readonly committed: number;
  readonly aborted: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
  readonly unknown: number;
  /** Of all: whose outcome was asked for by its id, since the first answer was unknown. */
  readonly asked: number;
  readonly types: Readonly<Record<string, number>>;
  readonly perSecond: number;
  readonly killed: {
    readonly name: string;
    readonly underway: number;
    readonly inDoubt: number;
    readonly locks: number;
    readonly downMs: number;
    readonly resolvedMs: number | null;
  };
  readonly branchesLeft: number;
  readonly verdict: Verdict;
}

/** What the person who watches is told while it runs. */
export interface Teller {
  loading(): void;
  killed(name: string, pid: number | null, underway: number): void;
  inDoubt(branches: readonly OpenBranch[], downMs: number): void;
  back(resolvedMs: number | null): void;
  working<T>(label: string, work: Promise<T>): Promise<T>;
}

const TRANSACTION_MS = 20_000;
/** Held down this long, so that what is in doubt can be looked at. */
const DOWN_MS = 1_000;
const RECOVERY_BOUND_MS = 10_000;
const REFUSED_PAUSE_MS = 250;

export async function demonstrate(
  layout: Layout,
  supervisor: Supervisor,
  options: DemoOptions,
  tell: Teller,
): Promise<DemoFigures> {
  const [target] = layout.coordinators;
  if (target === undefined) throw new NemconError("USAGE", "The demonstration needs a coordinator.");
  const banks: Bank[] = layout.participants.map(({ name, database }) => ({ name, file: database }));
  const client = connect(target.address, {
    defaultTimeoutMs: TRANSACTION_MS,
    retryBudget: { ratio: 0.1, reserve: options.concurrency * 4 },
  });
  const branches = new Branches(layout.participants);
  try {
    await tell.working("Waiting for the banks", linked(client, banks));
    const before = readBooks(banks);
    const load = new Load(client, before, banks, options);
    tell.loading();
    load.start();
    await tell.working("Running", pause(options.seconds * 1_000));

    const underway = load.underway;
    const pid = supervisor.pid(target.name);
    const killedMs = performance.now();
    await supervisor.hold(target.name);
    tell.killed(target.name, pid, underway);
    await pause(DOWN_MS);
    const stuck = (await branches.open()).filter(({ state }) => state === "in-doubt");
    tell.inDoubt(stuck, performance.now() - killedMs);
    const downMs = performance.now() - killedMs;
    const releasedMs = performance.now();
    await supervisor.release(target.name);
    const ids = new Set(stuck.map(({ transaction }) => transaction));
    const resolved = await branches.until(
      (open) => !open.some(({ transaction }) => ids.has(transaction)),
      RECOVERY_BOUND_MS,
    );
    const resolvedMs = resolved ? performance.now() - releasedMs : null;
    tell.back(resolvedMs);

    await tell.working("Running", pause(options.seconds * 1_000));
    await tell.working("Finishing what is under way", load.stop());
    await branches.until((open) => open.length === 0, RECOVERY_BOUND_MS);
    const left = await branches.open();
    const verdict = judge(before, readBooks(banks), load.answers);
    const locks = stuck.reduce((sum, branch) => sum + branch.locks.length, 0);
    return figures(
      options,
      load,
      verdict,
      { name: target.name, underway, inDoubt: stuck.length, locks, downMs, resolvedMs },
      left.length,
    );
  } finally {
    branches.close();
    client.close();
  }
}

/** Clients that each run one transaction after the other. */
class Load {
  readonly answers: Answered[] = [];
  readonly types = new Map<string, number>();
  underway = 0;
  /** Told unknown first, and then asked for by their ids. */
  asked = 0;
  elapsedMs = 0;
  private readonly client: Client;
  private readonly workload: SmallBank;
  private readonly concurrency: number;
  private over = false;
  private startedMs = 0;
  private workers: Promise<void>[] = [];

  constructor(client: Client, before: Books, banks: readonly Bank[], { seed, concurrency }: DemoOptions) {
    this.client = client;
    this.concurrency = concurrency;
    const customers = Math.floor(before.customers / banks.length);
    this.workload = new SmallBank({
      banks: banks.map(({ name }) => name),
      customers,
      seed,
      firstNumber: before.highestNumber + 1,
    });
  }

  start(): void {
    this.startedMs = performance.now();
    this.workers = Array.from({ length: this.concurrency }, () => this.work());
  }

  async stop(): Promise<void> {
    this.over = true;
    await Promise.all(this.workers);
    this.elapsedMs = performance.now() - this.startedMs;
    this.asked = await askAgain(this.answers, this.client);
  }

  private async work(): Promise<void> {
    while (!this.over) {
      const job = this.workload.next();
      this.types.set(job.type, (this.types.get(job.type) ?? 0) + 1);
      this.underway += 1;
      const answered = await answerTo(job, this.client, TRANSACTION_MS);
      this.underway -= 1;
      this.answers.push(answered);
      // As a client of some manners does: whoever was refused waits before the next one.
      if (answered.outcome.kind === "refused") await pause(REFUSED_PAUSE_MS);
    }
  }
}

function figures(
  options: DemoOptions,
  load: Load,
  verdict: Verdict,
  killed: DemoFigures["killed"],
  branchesLeft: number,
): DemoFigures {
  const aborted: Record<string, number> = {};
  const refused: Record<string, number> = {};
  let committed = 0;
  let unknown = 0;
  for (const { outcome } of load.answers) {
    if (outcome.kind === "committed") committed += 1;
    else if (outcome.kind === "aborted") aborted[outcome.reason] = (aborted[outcome.reason] ?? 0) + 1;
    else if (outcome.kind === "refused") refused[outcome.reason] = (refused[outcome.reason] ?? 0) + 1;
    else unknown += 1;
  }
  return {
    seed: options.seed,
    submitted: load.answers.length,
    committed,
    aborted,
    refused,
    unknown,
    asked: load.asked,
    types: Object.fromEntries(load.types),
    perSecond: Math.round((load.answers.length / load.elapsedMs) * 1_000),
    killed,
    branchesLeft,
    verdict: branchesLeft === 0 && killed.resolvedMs !== null ? verdict : { ...verdict, valid: false },
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
