/** What `nemcon dev` shows to people. */

import type { Verdict } from "../../lab/index.ts";
import type { Output } from "../output.ts";
import { table } from "../output.ts";
import type { OpenBranch } from "./branches.ts";
import type { Layout } from "./cluster.ts";
import type { DemoFigures, Killed, Teller } from "./demo.ts";
import type { Left } from "./second-act.ts";
import { counted } from "../words.ts";

export function describeLayout(layout: Layout, pids: Readonly<Record<string, number | null>>): string {
  const row = ({ name, address }: { name: string; address: string }, where: string): string[] => [
    name,
    address,
    String(pids[name] ?? "-"),
    where,
  ];
  return table(
    ["server", "address", "pid", "data"],
    [
      ...layout.coordinators.map((each) => row(each, `${layout.directory}/${each.name}/journal.db`)),
      ...layout.participants.map((each) => row(each, each.database)),
      ...layout.acceptors.map((each) => row(each, `${layout.directory}/${each.name}/journal.db`)),
    ],
  );
}

/** Commands that work against this cluster. */
export function whatNext({ coordinators: [first], participants: [bank, other] }: Layout, workload: string): string {
  if (first === undefined || bank === undefined) return "";
  const to = other ?? bank;
  const coordinator = `--coordinator ${first.address}`;
  const move = (sign: "-" | "+"): string => `"UPDATE checking SET balance = balance ${sign} 10 WHERE customer = 1"`;
  const accounts = [
    `  npx nemcon tx submit ${coordinator} --on ${bank.name} ${move("-")} --on ${to.name} ${move("+")}`,
    `  npx nemcon tx submit ${coordinator} --on ${bank.name} "SELECT balance FROM checking WHERE customer = 1"`,
  ];
  return [
    "What to try next:",
    ...(workload === "smallbank" ? accounts : []),
    `  npx nemcon tx list ${coordinator}`,
    "  kill -9 a pid of the table above, and see it come back",
    "  hold NAME and Enter, here: that server stays down, until release NAME",
  ].join("\n");
}

export function teller(output: Output, workload: string, seconds: number): Teller {
  return {
    loading: () =>
      output.answer(`\nThe workload ${workload} on all banks at once: ${seconds} s, a kill, ${seconds} s …`),
    killed: (name, pid, underway) =>
      output.answer(
        `${output.style("yellow", "kill -9")} ${name} (pid ${pid}) with ${counted(underway, "transaction")} under way.`,
      ),
    inDoubt: (stuck, downMs, answered) => output.answer(inDoubtText(stuck, downMs, answered)),
    back: (killed) => output.answer(backText(killed)),
    secondAct: () =>
      output.answer(
        `\nThe same death once more, under two protocols: the coordinator is killed and does ${output.style("bold", "not")} come back while one watches.`,
      ),
    left: (left) => output.answer(leftText(left)),
    working: (label, work) => output.progress(label, work),
  };
}

function leftText({
  protocol,
  coordinator,
  acceptor,
  inDoubt,
  locks,
  example,
  watchedMs,
  blocked,
  resolvedMs,
}: Left): string {
  const gone = acceptor === null ? coordinator : `${coordinator} and ${acceptor}`;
  const head = `  ${protocol}: ${gone} killed; ${branches(inDoubt)} in doubt, with ${counted(locks, "lock")}`;
  if (inDoubt === 0) return `${head}: none had voted yes at that moment.`;
  if (blocked === 0)
    return `${head}.\n    Another coordinator decided all of them: ${milliseconds(watchedMs)} after the kill, ${gone} still down.`;
  const held = example === null ? "" : `, such as ${example.locks.slice(0, 2).join("; ")} at ${example.participant}`;
  const end =
    resolvedMs === null
      ? "and they still are"
      : `resolved ${milliseconds(resolvedMs)} after the kill, when it was back`;
  return `${head}.\n    ${milliseconds(watchedMs)} later ${blocked} of them still wait and hold their locks${held}; ${end}.`;
}

function branches(count: number): string {
  return counted(count, "branch", "branches");
}

function milliseconds(ms: number): string {
  return `${Math.round(ms)} ms`;
}

function backText({ name, inDoubt, resolvedMs, inDoubtMs }: Killed): string {
  if (resolvedMs === null || inDoubtMs === null) return `${name} is back, and some of them are still in doubt.`;
  if (inDoubt === 0) return `${name} is back after ${milliseconds(resolvedMs)}.`;
  return `${name} is back: all ${inDoubt} resolved ${milliseconds(resolvedMs)} after its start, ${milliseconds(inDoubtMs)} after the kill.`;
}

function inDoubtText(stuck: readonly OpenBranch[], downMs: number, answered: number): string {
  const [example] = stuck;
  const after = `${milliseconds(downMs)} later, with ${counted(answered, "answer")} given meanwhile:`;
  if (example === undefined) return `${after} no branch is in doubt, since none had voted yes at that moment.`;
  const locks = stuck.reduce((sum, { locks: held }) => sum + held.length, 0);
  return [
    `${after} ${stuck.length === 1 ? "1 branch is" : `${branches(stuck.length)} are`} in doubt: voted yes, may not decide alone, and ${stuck.length === 1 ? "holds" : "hold"} ${counted(locks, "lock")}.`,
    `  for example ${example.transaction} at ${example.participant}: ${example.locks.slice(0, 3).join("; ")}`,
  ].join("\n");
}

export function verdictText(output: Output, figures: DemoFigures): string {
  const { verdict, aborted, refused, killed } = figures;
  const sorted = Object.entries(aborted).toSorted(([, a], [, b]) => b - a);
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((all, count) => all + count, 0);
  const types = Object.entries(figures.types).toSorted(([, a], [, b]) => b - a);
  const rows = [
    ["submitted", `${figures.submitted}  (${types.map(([type, count]) => `${type} ${count}`).join(", ")})`],
    ["committed", String(figures.committed)],
    [
      "aborted",
      `${sum(aborted)}${sorted.length === 0 ? "" : `  (${sorted.map(([reason, count]) => `${reason} ${count}`).join(", ")})`}`,
    ],
    ...Object.entries(refused).map(([reason, count]) => ["refused", `${count}  (${reason})`]),
    ["unknown", `${figures.unknown}  (${figures.asked} were told unknown first, and learned by their ids)`],
    ["rate", `${figures.perSecond} transactions a second in the first act, the outage included`],
    ...moneyRows(verdict),
    ["answers compared", `${verdict.compared}: ${verdict.basis}`],
    ["in doubt now", String(figures.branchesLeft)],
  ].map(([name = "", value = ""]) => `  ${name.padEnd(18)}${value}`);
  const head = verdict.valid
    ? `${output.style("green", "VALID")}: all ${figures.submitted} transactions happened everywhere or nowhere, as their clients were told; ${killed.inDoubt} in-doubt branches resolved${verdict.figures["moneyAfter"] === undefined ? "" : "; the money adds up to the cent"}.`
    : `${output.style("red", "INVALID")}: ${verdict.violations.length === 0 ? "a branch stayed in doubt" : verdict.violations.join("; ")}`;
  return `\n${rows.join("\n")}\n\n${head}`;
}

function moneyRows({ figures: { moneyBefore, moneyAfter, moneyMoved } }: Verdict): string[][] {
  if (moneyBefore === undefined || moneyAfter === undefined || moneyMoved === undefined) return [];
  const money = (cents: number): string => (cents / 100).toFixed(2);
  return [
    ["money before", money(moneyBefore)],
    ["money after", `${money(moneyAfter)}  (committed deposits and withdrawals, by the ledgers: ${money(moneyMoved)})`],
  ];
}
