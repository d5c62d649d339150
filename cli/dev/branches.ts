/** What is open at participants, asked of themselves: their coordinator may be dead. */

import { channelCredentials, ParticipantStub, type ListBranchesAnswerRead } from "../../runtime/link/index.ts";
import type { Member } from "./cluster.ts";

export interface OpenBranch {
  readonly participant: string;
  readonly transaction: string;
  readonly state: string;
  readonly locks: readonly string[];
}

const ANSWER_MS = 5_000;
const PAUSE_MS = 25;

export class Branches {
  private readonly stubs: readonly { readonly name: string; readonly stub: InstanceType<typeof ParticipantStub> }[];

  constructor(participants: readonly Member[]) {
    this.stubs = participants.map(({ name, address }) => ({
      name,
      stub: new ParticipantStub(address, channelCredentials(null)),
    }));
  }

  async open(): Promise<OpenBranch[]> {
    const lists = await Promise.all(this.stubs.map(({ name, stub }) => listed(name, stub)));
    return lists.flat();
  }

  /** Asks until `over` holds; false where it does not within `boundMs`. */
  async until(over: (open: readonly OpenBranch[]) => boolean, boundMs: number): Promise<boolean> {
    const endMs = performance.now() + boundMs;
    while (!over(await this.open())) {
      if (performance.now() > endMs) return false;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return true;
  }

  close(): void {
    for (const { stub } of this.stubs) stub.close();
  }
}

function listed(participant: string, stub: InstanceType<typeof ParticipantStub>): Promise<OpenBranch[]> {
  return new Promise((resolve, reject) => {
    stub.ListBranches({}, { deadline: Date.now() + ANSWER_MS }, (error, answer?: ListBranchesAnswerRead) => {
      if (error !== null || answer === undefined) reject(error ?? new Error("no answer"));
      else
        resolve(answer.branches.map(({ transaction, state, locks }) => ({ participant, transaction, state, locks })));
    });
  });
}
