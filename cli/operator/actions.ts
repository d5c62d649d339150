/** What the subcommands of `nemcon operator` do once their arguments are read; loaded with gRPC only when one of them runs. */

import { createInterface } from "node:readline/promises";
import { exit } from "../../runtime/errors/index.ts";
import {
  channelCredentials,
  OperatorStub,
  type InDoubtMessageRead,
  type ListInDoubtAnswerRead,
} from "../../runtime/link/index.ts";
import { usage } from "../arguments.ts";
import { call } from "../calls.ts";
import type { Shell } from "../shell.ts";
import { errorOf } from "../tx/wire.ts";
import { actText, inDoubtJson, inDoubtText } from "./show.ts";

/** The server forces a record before it answers. */
const ANSWER_MS = 30_000;

export interface Act {
  readonly at: string;
  readonly transaction: string;
  /** "forget": what was done was looked after. */
  readonly act: "commit" | "abort" | "forget";
  /** null: asked for on a terminal. */
  readonly reason: string | null;
  readonly yes: boolean;
}

class Operator {
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

async function using(shell: Shell, at: string, work: (operator: Operator) => Promise<void>): Promise<void> {
  const operator = new Operator(at, shell);
  try {
    await work(operator);
  } finally {
    operator.close();
  }
}

export function inDoubt(shell: Shell, at: string): Promise<void> {
  return using(shell, at, async (operator) => {
    const { output } = shell;
    const answer = await output.progress(`waiting for ${at}`, operator.list());
    if (output.json) output.document(inDoubtJson(answer));
    else output.answer(inDoubtText(answer));
    shell.exitCode = exit.done;
  });
}

/** Never without a reason, and never before somebody has read what it breaks and said so. */
export function act(shell: Shell, asked: Act): Promise<void> {
  const { at, transaction } = asked;
  return using(shell, at, async (operator) => {
    const { output } = shell;
    const answer = await operator.list();
    const found = answer.transactions.find((each) => each.transaction === transaction);
    const reason = await agreed(shell, asked, answer, found);
    if (reason === null) {
      output.note("Nothing was done.");
      shell.exitCode = exit.failed;
      return;
    }
    if (asked.act === "forget") {
      await operator.forget(transaction, reason);
      if (output.json) output.document({ transaction, node: answer.node, forgotten: true, reason });
      else output.answer(`forgotten  ${transaction}  at ${answer.node}`);
    } else {
      const { state } = await operator.resolve(transaction, asked.act, reason);
      if (output.json) output.document({ transaction, node: answer.node, did: asked.act, state, reason });
      else output.answer(`${state}  ${transaction}  at ${answer.node}: ended as ${asked.act}, by hand`);
    }
    shell.exitCode = exit.done;
  });
}

/** The reason; null: the person thought better of it. */
async function agreed(
  shell: Shell,
  { act: what, reason: given, yes }: Act,
  answer: ListInDoubtAnswerRead,
  found: InDoubtMessageRead | undefined,
): Promise<string | null> {
  const { output } = shell;
  const isTerminal = process.stdin.isTTY && process.stderr.isTTY && !output.json;
  if (given !== null && given.trim() === "") throw usage("The reason is empty.");
  if (!isTerminal) {
    if (given === null) throw usage("Why? Give --reason: it stays with what is done.");
    if (!yes) throw usage("This goes against the protocol. Give --yes where nobody can be asked.");
    return given;
  }
  // Where there is nothing to end the server says so, in its own words.
  if (found !== undefined) output.note(actText(what, answer, found));
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const { signal } = shell;
    const reason = given ?? (await terminal.question("Why? ", { signal })).trim();
    if (reason === "") return null;
    if (yes) return reason;
    return (await terminal.question(`Type ${what} to do it: `, { signal })).trim() === what ? reason : null;
  } finally {
    terminal.close();
  }
}
