/** What the subcommands of `nemcon tx` do once their arguments are read; loaded with gRPC only when one of them runs. */

import { exit, type ExitCode } from "../../runtime/errors/index.ts";
import type { BranchDocument, TransactionDocument } from "../json.ts";
import type { Shell } from "../shell.ts";
import { Api } from "./api.ts";
import {
  changeText,
  exitOf,
  printOutcome,
  printResults,
  printSubmitted,
  resultsJson,
  transactionJson,
  transactionTable,
  transactionText,
} from "./show.ts";

const PAGE = 1000;
const over = ["committed", "aborted", "heuristic", "forgotten"];

/** Runs `work` with a coordinator's API, and closes the connection whatever comes of it. */
async function using(shell: Shell, coordinator: string, work: (api: Api) => Promise<ExitCode>): Promise<void> {
  const api = new Api(coordinator, shell.signal);
  try {
    shell.exitCode = await shell.output.progress(`waiting for ${coordinator}`, work(api));
  } finally {
    api.close();
  }
}

export function submit(
  shell: Shell,
  coordinator: string,
  document: TransactionDocument,
  id: string | null,
): Promise<void> {
  return using(shell, coordinator, async (api) => printSubmitted(await api.submit(document, id), shell.output));
}

export function begin(
  shell: Shell,
  coordinator: string,
  protocol: string,
  timeoutMs: number,
  initiator: string,
): Promise<void> {
  return using(shell, coordinator, async (api) => {
    const begun = await api.begin(protocol, timeoutMs, initiator);
    if (shell.output.json) {
      const { transaction, idleTimeoutMs } = begun;
      shell.output.document({ transaction, protocol: begun.protocol, idleTimeoutMs });
    } else shell.output.answer(begun.transaction);
    return exit.done;
  });
}

export function execute(
  shell: Shell,
  coordinator: string,
  id: string,
  branches: readonly BranchDocument[],
  timeoutMs: number,
  last: boolean,
): Promise<void> {
  return using(shell, coordinator, async (api) => {
    const { output } = shell;
    const done = [];
    for (const [at, { participant, operations }] of branches.entries()) {
      const isLast = last && at === branches.length - 1;
      const { results, aborted, outcome } = await api.execute(id, participant, operations, timeoutMs, isLast);
      if (aborted !== null) return printOutcome(aborted, output);
      // With --json the outcome has the rows.
      if (!output.json || outcome === null) printResults(participant, results, output);
      if (outcome !== null) return printOutcome({ ...outcome, branches: output.json ? outcome.branches : [] }, output);
      done.push({ participant, results: resultsJson(results) });
    }
    if (output.json) output.document({ transaction: id, branches: done });
    return exit.done;
  });
}

export function commit(shell: Shell, coordinator: string, id: string, timeoutMs: number): Promise<void> {
  return using(shell, coordinator, async (api) => printOutcome(await api.commit(id, timeoutMs), shell.output));
}

export function abort(shell: Shell, coordinator: string, id: string): Promise<void> {
  return using(shell, coordinator, async (api) => {
    const outcome = printOutcome(await api.abort(id), shell.output);
    // Here the abort is what was asked for.
    if (outcome === exit.unknown) return outcome;
    return outcome === exit.failed ? exit.done : exit.failed;
  });
}

export function show(shell: Shell, coordinator: string, id: string): Promise<void> {
  return using(shell, coordinator, async (api) => {
    const transaction = await api.get(id);
    const { output } = shell;
    if (output.json) output.document(transactionJson(transaction));
    else output.answer(transactionText(transaction, output));
    return exitOf(transaction.state);
  });
}

export function list(shell: Shell, coordinator: string, state: string, limit: number): Promise<void> {
  return using(shell, coordinator, async (api) => {
    const { output } = shell;
    const found = [];
    let token = "";
    do {
      const page = await api.list(state, Math.min(PAGE, limit - found.length), token);
      found.push(...page.transactions);
      token = page.next;
    } while (token !== "" && found.length < limit);
    if (output.json) output.document({ transactions: found.map(transactionJson), more: token !== "" });
    else output.answer(found.length === 0 ? "No transactions." : transactionTable(found));
    if (token !== "") output.note("There are more: raise --limit.");
    return exit.done;
  });
}

/** @param id empty: all, until the signal; otherwise until that one is over, and its outcome is the exit code */
export async function watch(shell: Shell, coordinator: string, id: string): Promise<void> {
  const { output } = shell;
  const api = new Api(coordinator, shell.signal);
  try {
    let shown = "";
    for await (const transaction of api.watch(id)) {
      const now = `${transaction.transaction} ${transaction.state}`;
      if (now === shown) continue;
      shown = now;
      if (output.json) output.document(transactionJson(transaction));
      else output.answer(changeText(transaction, output));
      if (id === "" || !over.includes(transaction.state)) continue;
      shell.exitCode = exitOf(transaction.state);
      return;
    }
    shell.exitCode = id === "" ? exit.done : exit.unknown;
  } finally {
    api.close();
  }
}
