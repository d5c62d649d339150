/**
 * Many transactions through real processes, and nothing that grows with their number: memory, journals, logs,
 * the time of a start. 24,000 here and 100,000 with CI=true; `npm run million` runs a million. `TRANSACTIONS=…`
 * runs as many.
 */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Verdict } from "../../lab/index.ts";
import { channelCredentials, CoordinatorStub } from "../../runtime/link/index.ts";
import { workloadOf, type LoadOptions, type Progress } from "./million-client.ts";
import { memoryMib } from "./memory.ts";
import { Cluster } from "./processes.ts";

const transactions = Number(process.env["TRANSACTIONS"] ?? (process.env["CI"] === "true" ? 100_000 : 24_000));
const MIB = 1024 * 1024;
/** So that most outcomes are forgotten within the run. The smallest bound that the configuration takes is 1 MiB. */
const outcomesMaxBytes = Math.max(MIB, transactions * 16);
/** What a participant keeps of its journal. */
const PARTICIPANT_MAX_BYTES = 32 * MIB;
const WAL_BYTES = 8 * MIB;
/** Growth from the third quarter of the run to its last. Short runs are over before the heaps have their size: they go by steps of 32 MiB. */
const GROWTH_MIB = transactions < 500_000 ? 96 : 32;
const START_CPU_MS = 2_000;
const RUN_MS = 120_000 + transactions * 10;

let cluster: Cluster;
let load: LoadOptions;
let client: ChildProcess | null = null;
beforeAll(async () => {
  const wal = ["--wal-extend-bytes", String(WAL_BYTES)];
  cluster = await Cluster.open({
    banks: 3,
    customers: 1,
    coordinatorArgs: ["--outcomes-max-bytes", String(outcomesMaxBytes), ...wal],
    participantArgs: wal,
  });
  const { coordinator, banks } = cluster;
  load = { address: coordinator.address, banks, seed: 1, records: 100_000, transactions, concurrency: 256 };
  workloadOf(load).prepare(banks);
  await cluster.start();
}, RUN_MS);
afterAll(async () => {
  client?.kill("SIGKILL");
  await cluster.close();
});

test(`${transactions} transactions leave nothing behind that grows`, { timeout: RUN_MS }, async () => {
  const letGo = await holdIds();
  const { progress, samples, seconds, verdict } = await run();
  letGo();
  const replays = await killAndStart();
  const judged = await verdict();
  const kept = await Promise.all([progress.first, progress.last].map(async (id) => cluster.client.transaction(id)));
  report(samples, seconds, replays, judged);

  expect(judged.violations).toEqual([]);
  expect(progress.committed).toBeGreaterThan(transactions / 2);
  expect(kept.map(({ state }) => state)).toEqual(["forgotten", "committed"]);
  for (const { name, growth } of growths(samples)) expect(growth, `${name} in MiB`).toBeLessThan(GROWTH_MIB);
  for (const { journal, wal } of samples)
    for (const node of Object.keys(journal)) {
      const bound = node === "c" ? outcomesMaxBytes : PARTICIPANT_MAX_BYTES;
      expect(journal[node], `journal of ${node}`).toBeLessThan(bound * 1.1);
      expect(wal[node], `-wal file of ${node}`).toBeLessThan(2 * WAL_BYTES);
    }
  for (const { name, cpuMs } of replays) expect(cpuMs, `start of ${name}`).toBeLessThan(START_CPU_MS);
});

/** A client that has ids and uses none: what is told of closed ids must not wait for it. */
async function holdIds(): Promise<() => void> {
  const stub = new CoordinatorStub(cluster.coordinator.address, channelCredentials(null));
  const stream = stub.SubmitStream().on("error", () => undefined);
  await once(stream, "data");
  return () => {
    stream.cancel();
    stub.close();
  };
}

async function run() {
  const script = fileURLToPath(new URL("million-client.ts", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(load)], { stdio: ["pipe", "pipe", "inherit"] });
  client = child;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the client ended\n${cluster.said()}`);
    return JSON.parse(value) as T;
  };
  const startedMs = performance.now();
  const samples: Sample[] = [];
  let progress = await line<Progress>();
  for (; progress.done < transactions; progress = await line<Progress>())
    samples.push(sample(progress.done, child.pid ?? 0));
  const seconds = (performance.now() - startedMs) / 1_000;
  const verdict = async (): Promise<Verdict> => {
    child.stdin.end();
    return (await line<{ verdict: Verdict }>()).verdict;
  };
  return { progress, samples, seconds, verdict };
}

interface Replay {
  readonly name: string;
  readonly rows: number;
  readonly ms: number;
  readonly cpuMs: number;
}

/** Every server, with SIGKILL; what each says of its start. */
async function killAndStart(): Promise<Replay[]> {
  await Promise.all(cluster.servers.map((server) => server.kill()));
  const replays: Replay[] = [];
  for (const server of cluster.servers) {
    expect(await server.start(["--log-level", "info"]), server.stderr).toBe(true);
    const said = JSON.parse(/^.*"replay":.*$/m.exec(server.stderr)?.[0] ?? "{}") as { replay: Omit<Replay, "name"> };
    replays.push({ name: server.name, ...said.replay });
  }
  await cluster.linked();
  await cluster.settled();
  return replays;
}

interface Sample {
  readonly done: number;
  /** By process, in MiB. */
  readonly memory: Readonly<Record<string, number>>;
  /** By node: bytes of the journal's rows, and of the -wal file. */
  readonly journal: Readonly<Record<string, number>>;
  readonly wal: Readonly<Record<string, number>>;
}

function sample(done: number, clientPid: number): Sample {
  const files = { c: join(cluster.directory, "c", "journal.db"), ...namedFiles() };
  const pids = { ...Object.fromEntries(cluster.servers.map(({ name, pid }) => [name, pid])), client: clientPid };
  return {
    done,
    memory: mapped(pids, memoryMib),
    journal: mapped(files, journalBytes),
    wal: mapped(files, (file) => statSync(`${file}-wal`).size),
  };
}

function namedFiles(): Record<string, string> {
  return Object.fromEntries(cluster.banks.map(({ name, file }) => [name, file]));
}

function mapped<T>(record: Readonly<Record<string, T>>, to: (value: T) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value)]));
}

function journalBytes(file: string): number {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare<[], number>("SELECT coalesce(sum(length(body)), 0) FROM nemcon_journal").pluck().get() ?? 0;
  } finally {
    database.close();
  }
}

/** From the third quarter's median to the last one's. */
function growths(samples: readonly Sample[]): { readonly name: string; readonly growth: number }[] {
  const quarter = (index: number): readonly Sample[] =>
    samples.slice((samples.length * (index - 1)) >> 2, (samples.length * index) >> 2);
  const middle = (part: readonly Sample[], name: string): number =>
    part.map(({ memory }) => memory[name] ?? 0).toSorted((a, b) => a - b)[part.length >> 1] ?? 0;
  return Object.keys(samples[0]?.memory ?? {}).map((name) => ({
    name,
    growth: middle(quarter(4), name) - middle(quarter(3), name),
  }));
}

function report(samples: readonly Sample[], seconds: number, replays: readonly Replay[], judged: Verdict): void {
  const grown = new Map(growths(samples).map(({ name, growth }) => [name, growth]));
  const at = (part: number): Sample | undefined => samples[Math.min(samples.length - 1, (samples.length * part) >> 2)];
  const most = (values: (number | undefined)[]): string =>
    (Math.max(...values.map((each) => each ?? 0)) / MIB).toFixed(1);
  const rows = Object.keys(samples[0]?.memory ?? {}).map((name) => {
    const mib = [1, 2, 3, 4].map((part) => String(at(part)?.memory[name] ?? "")).join(" ");
    const replay = replays.find((each) => each.name === name);
    return [
      `${name.padEnd(8)} memory MiB at each quarter ${mib}, growth at the end ${(grown.get(name) ?? 0).toFixed(1)}`,
      ...(replay === undefined
        ? []
        : [
            `journal at most ${most(samples.map(({ journal }) => journal[name]))} MiB`,
            `-wal at most ${most(samples.map(({ wal }) => wal[name]))} MiB`,
            `start after SIGKILL ${replay.rows} rows, ${replay.ms} ms (CPU ${replay.cpuMs} ms)`,
          ]),
    ].join("; ");
  });
  const rate = Math.round(transactions / seconds);
  process.stdout.write(
    `${transactions} transactions in ${seconds.toFixed(0)} s, ${rate} a second\n${rows.join("\n")}\n${judged.valid ? "VALID" : "INVALID"}: ${judged.basis}\n`,
  );
}
