/** The report as a page of the documentation. */

import type { Figure, FigureName } from "./figures.ts";
import type { BenchReport } from "./run.ts";
import { spreadOf } from "./statistics.ts";
import { said, type Table } from "./tables.ts";

const BAR_CELLS = 48;
const GIB = 1024 ** 3;

/** What each figure tells, beside what it is computed of. */
const lessons: Readonly<Record<FigureName, string>> = {
  atomicity: "How much of the work would be there without atomicity: 1 would mean that it is free.",
  storage:
    "How near 2PC comes to what its own forced writes allow: 1 would mean that messages and machines cost no time.",
  paxos: "What it costs to go on without the coordinator.",
  latency:
    "A commit waits for two forced writes, one after the other; 1 would mean that it waits for nothing else but messages.",
  "cpu-ascending": "What a transaction costs. On two cores that are full, two million divided by this is the rate.",
  "cpu-random": "What keys that are all over the table add.",
  unary: "What the library's one stream is worth against a call for each transaction.",
};

/** @param command what gives the same run again */
export function pageOf(report: BenchReport & { readonly nemcon: string }, command: string): string {
  const {
    machine,
    startedAt,
    elapsedSeconds,
    measurements,
    workload,
    rounds,
    seconds,
    figures,
    limits,
    profiles,
    nemcon,
  } = report;
  const compared = measurements.reduce((sum, each) => sum + each.compared, 0);
  const wrong = measurements.flatMap(({ name, violations }) => violations.map((text) => `${name}: ${text}`));
  const tables = said(report);
  const { invalid, disturbed, batches } = tables;
  return `${[
    "# Benchmarks",
    "This page is written by the benchmark itself. It is what one machine did on one day; run it on yours:",
    fenced(command, "sh"),
    bullets([
      `nemcon ${nemcon}, ${startedAt.slice(0, 10)}, ${Math.round(elapsedSeconds)} s`,
      `${machine.cpu}, ${machine.cores} cores, ${(machine.memoryBytes / GIB).toFixed(0)} GiB, ${machine.system}`,
      `data on ${machine.fileSystem ?? "a file system that the system does not name"}`,
      `Node ${machine.node}, SQLite ${machine.sqlite}, grpc-js ${machine.grpc}`,
    ]),
    ...(disturbed === null ? [] : [disturbed]),
    "## Figures",
    `Each is computed within a round, from what was measured seconds apart; then the median, the smallest and the largest of ${rounds} rounds.`,
    aligned(tables.figures),
    ...(invalid.length === 0 ? [] : ["Figures that say nothing, and why:", bullets(invalid)]),
    bullets(figures.map(explained)),
    "## What a transaction costs",
    `µs of CPU a transaction, over all processes, ${BAR_CELLS} cells for the dearest:`,
    fenced(bars(report), "text"),
    aligned(tables.cpu),
    "## Throughput and latency",
    "Medians over the rounds; `cores` is what all processes of the measurement kept busy, `others` what the rest of the machine did meanwhile, which should be nothing. Of random keys two transactions under way may want the same one; then one of them waits, or aborts as a `CONFLICT`.",
    aligned(tables.rates),
    ...(batches === null ? [] : [batches]),
    ...(limits.length === 0 ? [] : ["## What the machine can do", aligned(tables.limits)]),
    ...(profiles.length === 0
      ? []
      : [
          "## Where the time goes",
          "V8's samples of the main threads of _2PC, library, 1,024_, in processes that were started for it: own time, idle time left out, from start to end. `runtime/journal` is mostly SQLite's COMMIT, and that mostly waits for the disk.",
          aligned(tables.profile),
          aligned(tables.functions),
        ]),
    "## How it is measured",
    bullets([
      `A transaction is one \`UPDATE\` of one row by its key at each of three participants, of ${workload.records.toLocaleString("en-US")} rows each, with a value of ${workload.valueBytes} bytes. Ascending keys go through the table in order; random ones are drawn, seed ${workload.seed}.`,
      "Every server is a process with default settings, and so is the client, which keeps so many transactions under way as the line says: an answer starts the next. All of them share this machine.",
      "_Paxos Commit_ has a coordinator, three participants and three acceptors of its own. With F = 1 an acceptor may be gone for good, and so may the coordinator: two acceptors force every vote, and the coordinator forces nothing.",
      "_library_ is `submit` of the client library; _stubs_ the same stream over the generated stubs; _unary calls_ one gRPC call a transaction.",
      "_fan-out_ sends the same statements straight to three servers that know nothing of each other. They run what has arrived in one SQLite transaction with one forced write, under the same pragmas, and speak the packed frames of peer links. There is no journal, no vote, no lock, no decision.",
      "_the writes of 2PC, without messages_ does again, in four processes, what the journals show that the product did in that measurement: as many forced transactions, rows of the same sizes, the same number of updates.",
      "_2PC never forced_ is the product with `synchronous = OFF`, which no configuration can ask for.",
      `A measurement lasts ${seconds} s after a warm-up of a quarter of that, which is thrown away, and so is a whole round before the first. Everything is measured once a round, in turn, so that a slow minute of the machine meets all of it.`,
      "_a step of an empty loop_ says how fast a core is: on a machine that is shared below the operating system it moves, and every figure of CPU with it.",
      "CPU is user and system time of each process, as the kernel accounts it, between the edges of the measurement.",
      `After each measurement, when no branch is open any more, every answer is compared with the databases: ${compared.toLocaleString("en-US")} in this run${wrong.length === 0 ? ", and all agree" : ""}. A run with an answer that does not agree is invalid and counts for nothing.`,
    ]),
    ...(wrong.length === 0 ? [] : ["**Invalid:**", bullets(wrong)]),
  ].join("\n\n")}\n`;
}

function explained({ name, meaning }: Figure): string {
  return `**${name}**: ${meaning}. ${lessons[name]}`;
}

function bars(report: BenchReport): string {
  // One at a time nothing is shared: that is another scale.
  const many = report.measurements.filter(({ concurrency }) => concurrency > 1);
  const all = [...Map.groupBy(many, ({ name }) => name)].flatMap(([name, each]) => {
    const spread = spreadOf(each.flatMap(({ cpuMicros }) => cpuMicros?.total ?? []));
    return spread === null ? [] : [{ name, micros: spread.median }];
  });
  const most = Math.max(...all.map(({ micros }) => micros));
  const width = Math.max(...all.map(({ name }) => name.length));
  return all
    .map(({ name, micros }) => {
      const cells = Math.max(1, Math.round((micros / most) * BAR_CELLS));
      return `${name.padEnd(width)}  ${"█".repeat(cells)} ${micros.toFixed(1)}`;
    })
    .join("\n");
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}

function fenced(text: string, language: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function aligned({ head, rows }: Table): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
