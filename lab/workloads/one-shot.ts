/** A job whose branches are known before it is sent: one submit. */

import type { Client } from "../../client/index.ts";
import type { Answered, JobBranch, OneShot } from "./workload.ts";

const none: Answered["deltas"] = new Map();

/** @param deltas by bank: what its ledger must hold of it */
export function oneShot(
  type: string,
  number: number,
  branches: readonly JobBranch[],
  deltas: Answered["deltas"] = none,
): OneShot {
  return new Submitted(type, number, branches, deltas);
}

/** A class, so that millions of them share their methods. */
class Submitted implements OneShot {
  readonly type: string;
  readonly number: number;
  readonly branches: readonly JobBranch[];
  private readonly deltas: Answered["deltas"];

  constructor(type: string, number: number, branches: readonly JobBranch[], deltas: Answered["deltas"]) {
    this.type = type;
    this.number = number;
    this.branches = branches;
    this.deltas = deltas;
  }

  async run(client: Client, timeoutMs: number): Promise<Answered> {
    return this.answered(await client.submit({ branches: this.branches, timeoutMs }));
  }

  answered(outcome: Answered["outcome"]): Answered {
    return { type: this.type, number: this.number, outcome, deltas: this.deltas };
  }
}
