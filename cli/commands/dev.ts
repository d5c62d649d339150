/** `nemcon dev`: a whole cluster on this machine. */

import { Option, type Command } from "commander";
import { exit } from "../../runtime/errors/index.ts";
import { count, port, positive } from "../arguments.ts";
import type { Layout } from "../dev/cluster.ts";
import type { DemoFigures } from "../dev/demo.ts";
import { Orders } from "../dev/orders.ts";
import type { Json } from "../json.ts";
import { withExamples, type Shell } from "../shell.ts";

interface DevOptions {
  readonly demo?: true;
  readonly once?: true;
  readonly directory?: string;
  readonly participants: number;
  readonly acceptors: number;
  readonly coordinators: number;
  readonly port: number;
  readonly allowUnsafe?: true;
  readonly workload: string;
  readonly customers: number;
  readonly seconds: number;
  readonly concurrency: number;
  readonly seed: number;
}

export function define(command: Command, shell: Shell): void {
  command
    .description(
      "A whole cluster on this machine, every role a process of its own; for development and to look around.",
    )
    .option("--demo", "run the demonstration and print its verdict, then keep serving")
    .option("--once", "run the demonstration, print its verdict and stop")
    .option("--directory <directory>", "where data is kept (default: a fresh one that is named)")
    .option("--participants <number>", "how many participants", count, 3)
    .option("--acceptors <number>", "how many acceptors: 1, 3 or 5, or 0 for none", count, 3)
    .option("--coordinators <number>", "how many coordinators", count, 2)
    .option("--port <port>", "the first port; 0: any free ones", port, 7400)
    .option("--allow-unsafe", "allow protocols that lose atomicity under faults that do happen")
    .option("--workload <name>", "what the demonstration runs: smallbank, kv, kv-a and on, or a .sql file", "smallbank")
    .option("--seed <number>", "what the demonstration draws its transactions from", count, 1)
    .addOption(new Option("--customers <number>").argParser(positive).default(10_000).hideHelp())
    .addOption(new Option("--seconds <number>").argParser(positive).default(4).hideHelp())
    .addOption(new Option("--concurrency <number>").argParser(positive).default(64).hideHelp())
    .action(() => dev(command.opts<DevOptions>(), shell));
  withExamples(command, [
    ["nemcon dev", "two coordinators, three participants and three acceptors, until Ctrl-C"],
    ["nemcon dev --demo", "the same, with a demonstration first"],
    ["nemcon dev --once --json", "the demonstration alone, its verdict as JSON"],
    ["nemcon dev --once --workload shop.sql", "the demonstration with transactions of your own: docs/workloads.md"],
    ["nemcon dev --port 0 --directory data", "on any free ports, with data that stays"],
  ]);
}

const DEMONSTRATING = "The demonstration holds and releases servers itself; give orders when it has told its verdict.";

async function dev(options: DevOptions, shell: Shell): Promise<void> {
  const { output, signal } = shell;
  // Loaded here, so that help and mistakes cost nothing.
  const { layOut, startCluster } = await import("../dev/cluster.ts");
  const { banksOf, demonstrate } = await import("../dev/demo.ts");
  const { describeLayout, teller, verdictText, whatNext } = await import("../dev/tell.ts");
  const { workloadNamed } = await import("../../lab/index.ts");

  const { directory = null, coordinators, participants, acceptors, port: first } = options;
  const { customers, seed, seconds, concurrency } = options;
  const layout = await layOut({ directory, coordinators, participants, acceptors, port: first });
  const workload = workloadNamed(options.workload, {
    participants: layout.participants.map(({ name }) => name),
    seed,
    rows: customers,
  });
  workload.prepare(banksOf(layout));
  const supervisor = await output.progress(
    "Starting",
    startCluster(layout, options.allowUnsafe === true, {
      died: (name, how) => output.note(`${name} ended (${how}); it is started again.`),
      back: (name, pid) => output.note(`${name} is back (pid ${pid}).`),
    }),
  );
  const stopped = new Promise<"stopped">((resolve) => {
    if (signal.aborted) resolve("stopped");
    else signal.addEventListener("abort", () => resolve("stopped"), { once: true });
  });
  const isDemo = options.demo === true || options.once === true;
  let orders: Orders | null = null;
  try {
    // Where nothing is served after the demonstration there is nothing to order: stdin is left alone, as it must be
    // where the process runs behind a terminal that is not its own.
    if (options.once !== true)
      orders = new Orders(process.stdin, supervisor, (text) => output.note(text), isDemo ? DEMONSTRATING : null);
    if (output.json) output.document(readyDocument(layout, supervisor.pids()));
    output.answer(`${describeLayout(layout, supervisor.pids())}\n\nLogs and data: ${layout.directory}`);
    if (isDemo) {
      const running = demonstrate(
        { layout, supervisor, workload },
        { seconds, concurrency },
        teller(output, workload.name, seconds),
      );
      const figures = await Promise.race([running, stopped]);
      if (figures === "stopped") {
        if (options.once === true) shell.exitCode = exit.unknown;
        return;
      }
      if (output.json) output.document(demoDocument(figures));
      output.answer(verdictText(output, figures));
      shell.exitCode = figures.verdict.valid ? exit.done : exit.failed;
      if (options.once === true) return;
    }
    if (orders !== null) orders.refusal = null;
    output.answer(`\n${whatNext(layout, workload.name)}\n\nServing until Ctrl-C.`);
    await stopped;
  } finally {
    orders?.close();
    await supervisor.stop();
  }
}

function readyDocument({ directory, coordinators, participants, acceptors }: Layout, pids: Json): Json {
  return {
    ready: true,
    directory,
    gateway: null,
    coordinators: coordinators.map(({ address }) => address),
    participants: participants.map(({ name, address, database }) => ({ name, address, database })),
    acceptors: acceptors.map(({ address }) => address),
    pids,
  };
}

function demoDocument({ killed, left, verdict: { figures: sums, ...verdict }, ...figures }: DemoFigures): Json {
  return {
    demo: {
      ...figures,
      killed: { ...killed },
      left: left.map((each) => ({
        ...each,
        example: each.example && { ...each.example, locks: [...each.example.locks] },
      })),
      verdict: { ...verdict, ...sums },
    },
  };
}
