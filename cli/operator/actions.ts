/** What the subcommands of `nemcon operator` do once their arguments are read; loaded with gRPC only when one of them runs. */

import { exit } from "../../runtime/errors/index.ts";
import { readGroup } from "../../runtime/index.ts";
import type { Shell } from "../shell.ts";
import { acceptorsJson, acceptorsText, reconfigureText } from "./acceptors.ts";
import { agreed } from "./agree.ts";
import { using } from "./server.ts";
import { actText, inDoubtJson, inDoubtText } from "./show.ts";

export interface Act {
  readonly at: string;
  readonly transaction: string;
  /** "forget": what was done was looked after. */
  readonly act: "commit" | "abort" | "forget";
  /** null: asked for on a terminal. */
  readonly reason: string | null;
  readonly yes: boolean;
}

export interface Reconfigure {
  readonly at: string;
  /** `name@host:port` of each. */
  readonly acceptors: readonly string[];
  /** null: asked for on a terminal. */
  readonly reason: string | null;
  readonly yes: boolean;
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
export function act(shell: Shell, { at, transaction, act: what, reason: given, yes }: Act): Promise<void> {
  return using(shell, at, async (operator) => {
    const { output } = shell;
    const answer = await operator.list();
    const found = answer.transactions.find((each) => each.transaction === transaction);
    // Where there is nothing to end the server says so, in its own words.
    const text = found === undefined ? null : actText(what, answer, found);
    const unasked = "This goes against the protocol.";
    const reason = await agreed(shell, { word: what, text, unasked, reason: given, yes });
    if (reason === null) return nothingDone(shell);
    if (what === "forget") {
      await operator.forget(transaction, reason);
      if (output.json) output.document({ transaction, node: answer.node, forgotten: true, reason });
      else output.answer(`forgotten  ${transaction}  at ${answer.node}`);
    } else {
      const { state } = await operator.resolve(transaction, what, reason);
      if (output.json) output.document({ transaction, node: answer.node, did: what, state, reason });
      else output.answer(`${state}  ${transaction}  at ${answer.node}: ended as ${what}, by hand`);
    }
    shell.exitCode = exit.done;
  });
}

export function acceptors(shell: Shell, at: string): Promise<void> {
  return using(shell, at, async (operator) => {
    const { output } = shell;
    const answer = await output.progress(`waiting for ${at}`, operator.acceptors());
    if (output.json) output.document(acceptorsJson(answer));
    else output.answer(acceptorsText(answer));
    shell.exitCode = exit.done;
  });
}

export function reconfigure(shell: Shell, { at, acceptors: named, reason: given, yes }: Reconfigure): Promise<void> {
  return using(shell, at, async (operator) => {
    const { output } = shell;
    const text = reconfigureText(await operator.acceptors(), readGroup(named));
    const unasked = "This replaces the acceptors of new transactions.";
    const reason = await agreed(shell, { word: "reconfigure", text, unasked, reason: given, yes });
    if (reason === null) return nothingDone(shell);
    const answer = await output.progress("waiting for the new acceptors", operator.reconfigure(named, reason));
    if (output.json) output.document({ ...acceptorsJson(answer), changed: answer.changed, reason });
    else
      output.answer(
        `${answer.changed ? "Done." : "Nothing is different: these were the acceptors before."}\n${acceptorsText(answer)}`,
      );
    shell.exitCode = exit.done;
  });
}

function nothingDone(shell: Shell): void {
  shell.output.note("Nothing was done.");
  shell.exitCode = exit.failed;
}
