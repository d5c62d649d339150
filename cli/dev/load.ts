/** Clients that each run one transaction of a workload after the other. */

import type { Client } from "../../client/index.ts";
import { answerTo, askAgain, type Answered, type Judge, type Workload } from "../../lab/index.ts";

export interface Clients {
  /** Of all coordinators. */
  readonly everyone: Client;
  /** Of the coordinator that is killed. */
  readonly mostly: Client;
  /** Of the others. */
  readonly elsewhere: Client;
}

export const TRANSACTION_MS = 20_000;
/** Every so many clients one works with another coordinator. */
const ELSEWHERE_EVERY = 8;
const REFUSED_PAUSE_MS = 250;

export class Load {
  readonly answers: Answered[] = [];
  readonly types = new Map<string, number>();
  underway = 0;
  /** Told unknown first, and then asked for by their ids. */
  asked = 0;
  elapsedMs = 0;
  private readonly clients: Clients;
  private readonly workload: Workload;
  private readonly judge: Judge;
  private readonly concurrency: number;
  private over = false;
  private startedMs = 0;
  private workers: Promise<void>[] = [];

  constructor(
    clients: Clients,
    { workload, judge }: { readonly workload: Workload; readonly judge: Judge },
    concurrency: number,
  ) {
    this.clients = clients;
    this.workload = workload;
    this.judge = judge;
    this.concurrency = concurrency;
  }

  start(): void {
    this.startedMs = performance.now();
    this.workers = Array.from({ length: this.concurrency }, (_, worker) =>
      this.work(worker % ELSEWHERE_EVERY === ELSEWHERE_EVERY - 1 ? this.clients.elsewhere : this.clients.mostly),
    );
  }

  /** No client begins another one. */
  beginNoMore(): void {
    this.over = true;
  }

  async stop(): Promise<void> {
    this.over = true;
    await Promise.all(this.workers);
    this.elapsedMs = performance.now() - this.startedMs;
    const learned = await askAgain(this.answers, this.clients.everyone);
    for (const answered of learned) this.judge.hear(answered);
    this.asked = learned.length;
  }

  private async work(client: Client): Promise<void> {
    while (!this.over) {
      const job = this.workload.next();
      this.types.set(job.type, (this.types.get(job.type) ?? 0) + 1);
      this.underway += 1;
      const answered = await answerTo(job, client, TRANSACTION_MS);
      this.underway -= 1;
      this.judge.hear(answered);
      this.answers.push(answered);
      // As a client of some manners does: whoever was refused waits before the next one.
      if (answered.outcome.kind === "refused") await pause(REFUSED_PAUSE_MS);
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
