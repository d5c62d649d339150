/** What `nemcon dev` shows to people. */

import type { Output } from "../output.ts";
import { table } from "../output.ts";
import type { OpenBranch } from "./branches.ts";
import type { Layout } from "./cluster.ts";
import type { DemoFigures, Teller } from "./demo.ts";

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
    ],
  );
}

/** Commands that work against this cluster. */
export function whatNext({ coordinators: [first], participants: [bank, other] }: Layout): string {
  if (first === undefined || bank === undefined) return "";
  const from = `UPDATE checking SET balance = balance - 10 WHERE customer = 1`;
  const to = `UPDATE checking SET balance = balance + 10 WHERE customer = 1`;
  return [
    "What to try next:",
    `  npx nemcon tx submit --coordinator ${first.address} --on ${bank.name} "${from}" --on ${(other ?? bank).name} "${to}"`,
    `  npx nemcon tx list --coordinator ${first.address}`,
    `  kill -9 a pid of above, and see it come back`,
  ].join("\n");
}

export function teller(output: Output, seconds: number): Teller {
  return {
    loading: () => output.answer(`\nSmallBank, six types of transactions, on all banks at once for ${seconds} s …`),
    killed: (name, pid, underway) =>
      output.answer(
        `${output.style("yellow", "kill -9")} ${name} (pid ${pid}) with ${underway} transactions under way.`,
      ),
    inDoubt: (stuck, downMs) => output.answer(inDoubtText(stuck, downMs)),
    back: (resolvedMs) =>
      output.answer(
        resolvedMs === null
          ? "It is back, and some of them are still in doubt."
          : `It is back; all of them were resolved ${Math.round(resolvedMs)} ms after its start. ${seconds} s more …`,
      ),
    working: (label, work) => output.progress(label, work),
  };
}

function inDoubtText(stuck: readonly OpenBranch[], downMs: number): string {
  const [example] = stuck;
  const after = `${(downMs / 1_000).toFixed(1)} s later`;
  if (example === undefined) return `${after} no branch is in doubt: none had voted yes and waited for a decision.`;
  const locks = stuck.reduce((sum, { locks: held }) => sum + held.length, 0);
  return [
    `${after} ${stuck.length} branches are in doubt: they voted yes, may not decide alone, and hold ${locks} locks.`,
    `  for example ${example.transaction} at ${example.participant}: ${example.locks.slice(0, 3).join("; ")}`,
  ].join("\n");
}

export function verdictText(output: Output, figures: DemoFigures): string {
  const { verdict, aborted, refused, killed } = figures;
  const money = (cents: number): string => (cents / 100).toFixed(2);
  const sorted = Object.entries(aborted).toSorted(([, a], [, b]) => b - a);
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((all, count) => all + count, 0);
  const rows = [
    ["committed", String(figures.committed)],
    [
      "aborted",
      `${sum(aborted)}${sorted.length === 0 ? "" : `  (${sorted.map(([reason, count]) => `${reason} ${count}`).join(", ")})`}`,
    ],
    ...Object.entries(refused).map(([reason, count]) => ["refused", `${count}  (${reason})`]),
    ["unknown", `${figures.unknown}  (${figures.asked} were told unknown first, and asked for by their ids)`],
    ["rate", `${figures.perSecond} transactions a second, the outage included`],
    ["money before", money(verdict.moneyBefore)],
    [
      "money after",
      `${money(verdict.moneyAfter)}  (deposits and withdrawals that committed: ${money(verdict.moneyMoved)})`,
    ],
    ["answers compared", `${verdict.compared} with the three books of every bank`],
    ["in doubt now", String(figures.branchesLeft)],
  ].map(([name = "", value = ""]) => `  ${name.padEnd(18)}${value}`);
  const head = verdict.valid
    ? `${output.style("green", "VALID")}: all ${figures.submitted} transactions happened everywhere or nowhere, as their clients were told; ${killed.inDoubt} in-doubt branches resolved; no money came or went.`
    : `${output.style("red", "INVALID")}: ${verdict.violations.length === 0 ? "a branch stayed in doubt" : verdict.violations.join("; ")}`;
  return `\n${rows.join("\n")}\n\n${head}`;
}
