/** The key-value workload: a seed repeats, keys are distributed as asked for, and its judge sees what is wrong. */

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Outcome } from "../../client/index.ts";
import {
  coreWorkloads,
  KeyValue,
  SeededRandom,
  type Answered,
  type Bank,
  type Job,
  type KeyDistribution,
  type KeyValueOptions,
  type OneShot,
} from "../../lab/index.ts";

const participants = ["bank-a", "bank-b", "bank-c"];
const stream = (options: Partial<KeyValueOptions>, count: number) => {
  const workload = new KeyValue({ participants, seed: 7, records: 1_000, ...options });
  return Array.from({ length: count }, () => workload.next());
};
/** Of the first thousand transactions. */
const GOLDEN: Readonly<Record<KeyDistribution, string>> = {
  uniform: "9fd716e9405404ed",
  zipfian: "4f4979047977c99a",
  ascending: "8d6f78ab8cb02f45",
  latest: "9c9e374d44b920af",
};
const keysOf = (job: Job): number[] =>
  (job.branches ?? []).flatMap(({ operations }) =>
    operations.map(({ parameters }) => Number((parameters as unknown[]).at(-1))),
  );

describe("the stream", () => {
  const text = (jobs: readonly Job[]) =>
    JSON.stringify(jobs.map(({ type, number, branches }) => [type, number, branches]));

  test.each(Object.entries(coreWorkloads))(
    "YCSB's %s repeats with its seed, and differs with another",
    (_name, core) => {
      expect(text(stream(core, 300))).toBe(text(stream(core, 300)));
      expect(text(stream(core, 300))).not.toBe(text(stream({ ...core, seed: 8 }, 300)));
    },
  );

  test.each(Object.entries(GOLDEN))("%s keys are the same on every machine", (keys, hash) => {
    const mix = { read: 1, update: 2, insert: 1 };
    const jobs = stream({ keys: keys as KeyDistribution, mix, span: 2, keysPerBranch: 2 }, 1_000);
    expect(createHash("sha256").update(text(jobs)).digest("hex").slice(0, 16)).toBe(hash);
  });

  test("types come by their weights", () => {
    const types = stream({ mix: { read: 3, update: 1 } }, 8_000).filter(({ type }) => type === "read").length;
    expect(types / 8_000).toBeCloseTo(0.75, 1);
  });

  test("ascending keys go on one by one and begin again", () => {
    const keys = stream({ keys: "ascending", records: 10, keysPerBranch: 3, span: 1, tally: false }, 4).map(keysOf);
    expect(keys).toEqual([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
      [1, 2, 10],
    ]);
  });

  test("zipfian keys are skewed, uniform ones are not, latest ones follow the inserts", () => {
    const share = (options: Partial<KeyValueOptions>, hot: (key: number) => boolean) => {
      const keys = stream({ span: 1, mix: { read: 1 }, ...options }, 5_000).flatMap(keysOf);
      return keys.filter(hot).length / keys.length;
    };
    const counts = new Map<number, number>();
    for (const key of stream({ span: 1, keys: "zipfian" }, 5_000).flatMap(keysOf))
      counts.set(key, (counts.get(key) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBeGreaterThan(300);
    expect(share({}, (key) => key > 900)).toBeCloseTo(0.1, 1);
    expect(share({ keys: "latest" }, (key) => key > 900)).toBeGreaterThan(0.5);
  });

  test("a transaction spans as many participants as asked for, each with different keys in order", () => {
    for (const { branches } of stream({ span: 2, keysPerBranch: 4 }, 200)) {
      expect(new Set(branches?.map(({ participant }) => participant)).size).toBe(2);
      for (const { operations } of branches ?? []) {
        const keys = operations.map(({ parameters }) => Number((parameters as unknown[]).at(-1)));
        expect(keys).toEqual([...new Set(keys)].toSorted((a, b) => a - b));
      }
    }
  });

  const wrong: readonly (readonly [Partial<KeyValueOptions>, string])[] = [
    [{ span: 4 }, "span"],
    [{ keysPerBranch: 600 }, "keys"],
    [{ mix: { update: 0 } }, "weight"],
    [{ mix: { update: 2, read: -1 } }, "weight"],
    [{ keys: "zipfian", theta: 1 }, "skew"],
  ];
  test.each(wrong)("%o is refused", (options, word) => {
    expect(() => stream(options, 1)).toThrow(word);
  });
});

let banks: Bank[] = [];
beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), "nemcon-kv-"));
  banks = participants.map((name) => ({ name, file: join(directory, `${name}.db`) }));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
});

const outcome = (kind: "committed" | "aborted" | "unknown"): Outcome => {
  if (kind === "committed") return { kind, transaction: "t", results: {}, heuristic: false };
  if (kind === "aborted") return { kind, transaction: "t", reason: "CONFLICT", detail: "", participant: null };
  return { kind, transaction: "t", detail: "", howToAsk: "" };
};

/** Runs jobs right on the files. */
class Direct {
  private readonly databases = new Map(banks.map(({ name, file }) => [name, new Database(file)]));

  apply({ branches }: Job, only: (participant: string) => boolean = () => true): void {
    for (const { participant, operations } of branches ?? [])
      if (only(participant))
        for (const { sql, parameters } of operations) this.execute(participant, sql, parameters as unknown[]);
  }

  execute(participant: string, sql: string, parameters: unknown[] = []): unknown[] {
    const statement = this.databases.get(participant)!.prepare(sql);
    return statement.reader ? statement.raw().all(...parameters) : [statement.run(...parameters).changes];
  }

  close(): void {
    for (const database of this.databases.values()) database.close();
  }
}

/** A run of honest answers, some of them unknown; `spoil` may do what must not happen. */
function run(
  options: Partial<KeyValueOptions>,
  spoil: (direct: Direct, jobs: readonly OneShot[], told: Answered[]) => void = () => undefined,
) {
  const workload = new KeyValue({ participants, seed: 3, records: 50, ...options });
  workload.prepare(banks);
  const judge = workload.begin(banks);
  const direct = new Direct();
  const random = new SeededRandom(11);
  const jobs: OneShot[] = [];
  const told: Answered[] = [];
  for (let count = 0; count < 300; count += 1) {
    const job = workload.next();
    if (job.branches === null) throw new Error("not one-shot");
    jobs.push(job);
    const fate = random.next();
    if (fate > 0.3) direct.apply(job);
    told.push(job.answered(outcome(fate < 0.25 ? "aborted" : fate < 0.35 ? "unknown" : "committed")));
    judge.hear(told.at(-1)!);
  }
  spoil(direct, jobs, told);
  direct.close();
  return judge.verdict();
}

const kinds: readonly Partial<KeyValueOptions>[] = [
  {},
  { tally: false },
  { keys: "ascending", tally: false },
  { keys: "zipfian", span: 2, keysPerBranch: 3 },
  { mix: { read: 1, update: 1, insert: 1 }, keys: "latest" },
];

test.each(kinds)("an honest run is valid: %o", (options) => {
  const verdict = run(options);
  expect(verdict.violations).toEqual([]);
  expect(verdict.compared).toBe(300);
});

test("a second run goes on over the same files", () => {
  for (const seed of [1, 2]) expect(run({ seed, mix: { update: 1, insert: 1 } }).violations).toEqual([]);
});

test("sums tell which unknown ones happened", () => {
  expect(run({}).figures["untold"]).toBe(0);
});

const last = (jobs: readonly OneShot[], told: readonly Answered[], kind: string) =>
  jobs[told.findLastIndex(({ outcome }) => outcome.kind === kind)]!;

describe.each([{ tally: true }, { tally: false }])("with %o the judge sees", (options) => {
  test("the write of an aborted one", () => {
    expect(run(options, (direct, jobs, told) => direct.apply(last(jobs, told, "aborted"))).valid).toBe(false);
  });

  test("half of an aborted one", () => {
    const verdict = run(options, (direct, jobs, told) =>
      direct.apply(last(jobs, told, "aborted"), (participant) => participant === "bank-b"),
    );
    expect(verdict.valid).toBe(false);
  });

  test("a value that nobody wrote", () => {
    expect(run(options, (direct) => direct.execute("bank-a", "UPDATE kv SET value = '9999' WHERE key = 3")).valid).toBe(
      false,
    );
  });

  test("a value of one that did not write there", () => {
    const verdict = run({ ...options, keys: "ascending" }, (direct, jobs, told) => {
      const committed = last(jobs, told, "committed");
      const [own = 0] = keysOf(committed);
      direct.execute("bank-a", "UPDATE kv SET value = ? WHERE key = ?", [String(committed.number), (own % 50) + 1]);
    });
    expect(verdict.valid).toBe(false);
  });

  test("an old value that is back", () => {
    const verdict = run({ ...options, keys: "ascending" }, (direct) =>
      direct.execute("bank-a", "UPDATE kv SET value = '0' WHERE key = 7"),
    );
    expect(verdict.valid).toBe(false);
  });

  test("a row that is gone", () => {
    expect(run(options, (direct) => direct.execute("bank-c", "DELETE FROM kv WHERE key = 1")).valid).toBe(false);
  });

  test("a value that was overwritten long before", () => {
    const verdict = run({ ...options, keys: "ascending" }, (direct, jobs, told) => {
      const early = told.find(({ outcome: { kind } }) => kind === "committed")!;
      const [key = 0] = keysOf(jobs[early.number - 1]!);
      direct.execute("bank-a", "UPDATE kv SET value = ? WHERE key = ?", [String(early.number), key]);
    });
    expect(verdict.violations.join()).toMatch(/had ended before/);
  });
});

test.each(["+", "-"])(
  "sums show a write that was overwritten and should not be there, or one that is missing: %s",
  (sign) => {
    const { violations } = run({}, (direct) =>
      direct.execute("bank-a", `UPDATE kv SET tally = tally ${sign} 5 WHERE key = 9`),
    );
    expect(violations).toEqual([expect.stringMatching(/sum of key 9 of bank-a/)]);
  },
);

test("a read that saw the value of an aborted one", () => {
  const workload = new KeyValue({ participants, seed: 3, records: 50, mix: { read: 1, update: 1 } });
  workload.prepare(banks);
  const judge = workload.begin(banks);
  const jobs = Array.from({ length: 20 }, () => workload.next());
  const write = jobs.find(({ type }) => type === "update")!;
  const read = jobs.find(({ type }) => type === "read")!;
  for (const { type, number } of jobs)
    if (number !== read.number) judge.hear({ type, number, outcome: outcome("aborted"), deltas: new Map() });
  const results = {
    "bank-a": [{ rowsAffected: 1, columns: ["value"], rows: [[`${write.number}...`]], objects: () => [] }],
  };
  const { type, number } = read;
  judge.hear({
    type,
    number,
    outcome: { kind: "committed", transaction: "t", results, heuristic: false },
    deltas: new Map(),
  });
  expect(judge.verdict().violations.join()).toMatch(/read saw the value/);
});

test("two that each overwrote the other are in no order", () => {
  const workload = new KeyValue({
    participants: ["bank-a", "bank-b"],
    seed: 1,
    records: 2,
    keys: "ascending",
    tally: false,
  });
  const two = banks.slice(0, 2);
  workload.prepare(two);
  const judge = workload.begin(two);
  // Drawn together, so that neither began after the other; the first and the third write key 1.
  const jobs = Array.from({ length: 3 }, () => workload.next());
  const direct = new Direct();
  const order = [
    ["bank-a", 0],
    ["bank-a", 2],
    ["bank-b", 2],
    ["bank-b", 0],
  ] as const;
  for (const [participant, index] of order) direct.apply(jobs[index]!, (name) => name === participant);
  direct.apply(jobs[1]!);
  direct.close();
  for (const { type, number } of jobs) judge.hear({ type, number, outcome: outcome("committed"), deltas: new Map() });
  expect(judge.verdict().violations.join()).toMatch(/no order of 1, 3/);
});
