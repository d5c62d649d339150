/** A node's service `Operator`, as the command calls it. */

import {
  channelCredentials,
  OperatorStub,
  type ListAcceptorsAnswerRead,
  type ListInDoubtAnswerRead,
  type ReconfigureAnswerRead,
} from "../../runtime/link/index.ts";
import { call } from "../calls.ts";
import type { Shell } from "../shell.ts";
import { errorOf } from "../tx/wire.ts";

/** The server forces a record before it answers, and may wait for links. */
const ANSWER_MS = 30_000;

export class Operator {
  private readonly stub: InstanceType<typeof OperatorStub>;
  private readonly at: string;
  private readonly shell: Shell;

  constructor(at: string, shell: Shell) {
    this.at = at;
    this.shell = shell;
    this.stub = new OperatorStub(at, channelCredentials(null));
  }

  list(): Promise<ListInDoubtAnswerRead> {
    return call(this.called(), ANSWER_MS, (options, done) => this.stub.ListInDoubt({}, options, done));
  }

  resolve(transaction: string, act: "commit" | "abort", reason: string): Promise<{ readonly state: string }> {
    const decision = act === "commit" ? "DECISION_COMMIT" : "DECISION_ABORT";
    return call(this.called(), ANSWER_MS, (options, done) =>
      this.stub.Resolve({ transaction, decision, reason }, options, done),
    );
  }

  async forget(transaction: string, reason: string): Promise<void> {
    await call<unknown>(this.called(), ANSWER_MS, (options, done) =>
      this.stub.Forget({ transaction, reason }, options, done),
    );
  }

  acceptors(): Promise<ListAcceptorsAnswerRead> {
    return call(this.called(), ANSWER_MS, (options, done) => this.stub.ListAcceptors({}, options, done));
  }

  reconfigure(acceptors: readonly string[], reason: string): Promise<ReconfigureAnswerRead> {
    return call(this.called(), ANSWER_MS, (options, done) =>
      this.stub.Reconfigure({ acceptors: [...acceptors], reason }, options, done),
    );
  }

  close(): void {
    this.stub.close();
  }

  private called() {
    return {
      address: this.at,
      signal: this.shell.signal,
      errorOf: (error: Parameters<typeof errorOf>[0], address: string) => errorOf(error, address, "server", "--at"),
    };
  }
}

export async function using(shell: Shell, at: string, work: (operator: Operator) => Promise<void>): Promise<void> {
  const operator = new Operator(at, shell);
  try {
    await work(operator);
  } finally {
    operator.close();
  }
}
