/** A user's SQL file as a workload: what it draws, what its judge sees, and mistakes told with file and line. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Outcome } from "../../client/index.ts";
import { SqlScript, type Bank, type Job } from "../../lab/index.ts";

const participants = ["bank-a", "bank-b", "bank-c"];
const shop = fileURLToPath(new URL("../../docs/shop.sql", import.meta.url));
let directory = "";
let banks: Bank[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "nemcon-script-"));
  banks = participants.map((name) => ({ name, file: join(directory, `${name}.db`) }));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
});

function script(text: string, seed = 5): SqlScript {
  const file = join(directory, "own.sql");
  writeFileSync(file, text);
  return new SqlScript({ file, participants, seed });
}

const jobs = (workload: SqlScript, count: number): Job[] => Array.from({ length: count }, () => workload.next());
const parametersOf = (job: Job | undefined) => job?.branches?.map(({ operations }) => operations[0]?.parameters);

const committed: Outcome = { kind: "committed", transaction: "t", results: {}, heuristic: false };
const aborted: Outcome = { kind: "aborted", transaction: "t", reason: "CONFLICT", detail: "", participant: null };

/** By file; nothing of them need outlive the test. */
const databases = new Map<string, Database.Database>();

function execute({ file }: Bank, sql: string, parameters: unknown = []): void {
  const database = databases.get(file) ?? new Database(file);
  if (!databases.has(file)) {
    databases.set(file, database);
    database.pragma("synchronous = OFF");
    onTestFinished(() => void database.close());
  }
  const statement = database.prepare(sql);
  if (statement.reader) statement.all(parameters);
  else statement.run(parameters);
}

/** Right on the files. */
function apply({ branches }: Job, only: (participant: string) => boolean = () => true): void {
  for (const { participant, operations } of branches ?? [])
    if (only(participant))
      for (const { sql, parameters } of operations)
        execute(
          banks.find(({ name }) => name === participant)!,
          sql,
          parameters,
        );
}

test("the file in docs/workloads.md is docs/shop.sql", () => {
  expect(readFileSync(new URL("../../docs/workloads.md", import.meta.url), "utf8")).toContain(
    `\`\`\`sql\n${readFileSync(shop, "utf8")}\`\`\``,
  );
});

describe("docs/shop.sql", () => {
  const workload = (seed = 5) => new SqlScript({ file: shop, participants, seed });

  test("repeats with its seed and differs with another", () => {
    const text = (seed: number) => JSON.stringify(jobs(workload(seed), 200).map(({ branches }) => branches));
    expect(text(1)).toBe(text(1));
    expect(text(1)).not.toBe(text(2));
  });

  test("draws types by weight, participants that differ, and what is set", () => {
    const all = jobs(workload(), 2_000);
    expect(all.filter(({ type }) => type === "order").length / 2_000).toBeCloseTo(0.7, 1);
    for (const { type, branches } of all) {
      const where = branches?.map(({ participant }) => participant) ?? [];
      expect(new Set(where).size).toBe(type === "look" ? 3 : 2);
    }
    const looks = all.filter(({ type }) => type === "look");
    expect(parametersOf(looks[0])).toEqual([{ item: 1 }, { item: 1 }, { item: 1 }]);
    expect(parametersOf(looks[1])?.[0]).toEqual({ item: 2 });
    const [, purchase] = parametersOf(all.find(({ type }) => type === "order")) ?? [];
    expect(purchase).toMatchObject({ number: expect.any(Number), note: expect.stringMatching(/^[a-z]{20}$/) });
    const move = all.find(({ type }) => type === "move");
    expect(move?.branches?.[0]?.operations[0]).toMatchObject({ expect: { rows: 1 } });
    expect(move?.branches?.[1]?.operations[0]).not.toHaveProperty("expect");
  });

  test.each([
    ["an honest run", () => undefined, true],
    ["stock that is gone", () => execute(banks[0]!, "UPDATE item SET stock = stock - 1 WHERE id = 1"), false],
    [
      "an entry that is lost",
      () => execute(banks[0]!, "DELETE FROM workload_ledger WHERE number = (SELECT max(number) FROM workload_ledger)"),
      false,
    ],
    [
      "an entry that nobody submitted",
      () => execute(banks[1]!, "INSERT INTO workload_ledger VALUES (99999, 0)"),
      false,
    ],
  ])("%s", (_what, spoil, valid) => {
    const own = workload();
    own.prepare(banks);
    const judge = own.begin(banks);
    for (const [index, job] of jobs(own, 60).entries()) {
      if (index % 5 > 0) apply(job);
      if (job.branches !== null) judge.hear(job.answered(index % 5 > 0 ? committed : aborted));
    }
    spoil();
    const verdict = judge.verdict();
    expect([verdict.valid, verdict.violations.length === 0, verdict.compared]).toEqual([valid, valid, 60]);
  });

  test("half of an aborted one is seen; a second run over the same files has other numbers, and sets nothing up again", () => {
    const first = workload();
    first.prepare(banks);
    const judge = first.begin(banks);
    const order = jobs(first, 40).findLast(({ type }) => type === "order")!;
    apply(order, (participant) => participant === order.branches?.[0]?.participant);
    if (order.branches !== null) judge.hear(order.answered(aborted));
    expect(judge.verdict().violations[0]).toMatch(/was told aborted/);
    const second = workload();
    second.prepare(banks);
    second.begin(banks);
    expect(second.next().number).toBe(order.number + 1);
  });
});

test("text, quotes and comments hold no parameters and end no statement", () => {
  const workload = script(
    `
-- nemcon: transaction t
\\set a 'it' -- nothing
-- nemcon: on bank-a
INSERT INTO x VALUES (':no; it''s', ":no", [:no], :a); /* :no; */ -- :no;
SELECT 1
-- nemcon: on bank-b
SELECT :participant, :number;
`.replace(" -- nothing", ""),
  );
  const [job] = jobs(workload, 1);
  const [a, b] = job?.branches ?? [];
  expect(a?.operations.map(({ sql, parameters }) => [sql.slice(0, 6), parameters])).toEqual([
    ["INSERT", { a: "it" }],
    ["/* :no", {}],
    ["INSERT", [1]],
  ]);
  expect(b?.operations[0]?.parameters).toEqual({ participant: "bank-b", number: 1 });
});

test.each([
  ["1 + 2 * 3 - 4", 3],
  ["(1 + 2) * 3 % 4", 1],
  ["-7 / 2", -3],
  [":before * 2", 20],
  ["random(3, 3)", 3],
  ["random_text(0)", ""],
])("\\set %s", (expression, value) => {
  const workload = script(
    `-- nemcon: transaction t\n\\set before 10\n\\set x ${expression}\n-- nemcon: on bank-a\nSELECT :x;`,
  );
  expect(parametersOf(workload.next())).toEqual([{ x: value }]);
});

const head = "-- nemcon: transaction t\n-- nemcon: on bank-a\n";
test.each([
  ["SELECT 1;", 1, "outside a section"],
  ["\n\n-- nemcon: nonsense", 3, '"nonsense" is none of these'],
  ["-- nemcon: on bank-a", 1, "belongs to a transaction"],
  ["\\set x 1", 1, "belongs to a transaction"],
  ["-- nemcon: transaction t\n\\sleep 1", 2, "no \\sleep"],
  ["-- nemcon: transaction t\n\\set x", 2, "\\set name expression"],
  ["-- nemcon: transaction t\n\\set number 1", 2, "can't be set"],
  ["-- nemcon: transaction t\n\\set x 1 +", 2, "ends too early"],
  ["-- nemcon: transaction t\n\\set x 1 2", 2, 'unexpected "2"'],
  ["-- nemcon: transaction t\n\\set x (1", 2, 'where ")" should be'],
  ["-- nemcon: transaction t\n\\set x 1 & 2", 2, '"& 2" is no expression'],
  ["-- nemcon: transaction t\n\\set x gauss(1)", 2, "no function gauss"],
  ["-- nemcon: transaction t\n\\set x random(1)", 2, "random takes lowest, highest"],
  ["-- nemcon: transaction t\n\\set x :y", 2, ":y is not set before"],
  ["-- nemcon: transaction t weight x", 1, "transaction NAME weight N"],
  ["-- nemcon: transaction t\n-- nemcon: transaction t", 2, "already"],
  ["-- nemcon: transaction t", 1, "has no statement"],
  [`${head}SELECT :x;`, 3, ":x is not set before"],
  [`${head}SELECT 1;\nSELECT\n ?;`, 5, "parameters are :names"],
  [`${head}-- nemcon: expect 1`, 3, "no statement follows"],
  [`${head}-- nemcon: expect 1\n-- nemcon: expect 1\nSELECT 1;`, 3, "no statement follows"],
  [`${head}-- nemcon: expect one\nSELECT 1;`, 3, "expect N"],
  ["-- nemcon: transaction t\n-- nemcon: on bank-z\nSELECT 1;", 2, 'no participant is called "bank-z"'],
  ["-- nemcon: setup on any\nSELECT 1;\n" + head + "SELECT 1;", 1, 'no participant is called "any"'],
  ["-- nemcon: transaction t\n-- nemcon: on all\nSELECT 1;\n-- nemcon: on any\nSELECT 2;", 4, "none left of 3"],
  [`${head}SELECT 1;\n-- nemcon: keep sum\nSELECT 1; SELECT 2;`, 5, "is one query"],
  ["-- only a comment", 1, "there is no"],
])("%j is told with its line", (text, line, what) => {
  expect(() => script(text)).toThrow(`own.sql:${line}: `);
  expect(() => script(text)).toThrow(what);
});

test.each([
  ["-- nemcon: transaction t\n\\set x random(5, 1)\n-- nemcon: on bank-a\nSELECT :x;", 2, "nothing from 5 to 1"],
  ["-- nemcon: transaction t\n\\set x 1 / 0\n-- nemcon: on bank-a\nSELECT :x;", 2, "division by zero"],
  ["-- nemcon: transaction t\n\\set x 'a' + 1\n-- nemcon: on bank-a\nSELECT :x;", 2, '"a" is no whole number'],
  [
    "-- nemcon: transaction t\n\\set x random_zipfian(1, 9, 1.07)\n-- nemcon: on bank-a\nSELECT :x;",
    2,
    "between 0 and 1",
  ],
])("%j is told when it is drawn", (text, line, what) => {
  const workload = script(text);
  expect(() => workload.next()).toThrow(`own.sql:${line}: `);
  expect(() => script(text).next()).toThrow(what);
});

test.each([
  [`${head}SELECT 1;\nSELECT x FROM nowhere;`, 4, "bank-a SQLite says: no such table: nowhere"],
  [`-- nemcon: setup on bank-b\nCREATE TABLE (;\n${head}SELECT 1;`, 2, "bank-b SQLite says"],
  [`${head}SELECT 1;\n-- nemcon: keep x\nSELECT y;`, 5, "bank-a SQLite says: no such column: y"],
])("%j is told before anything runs", (text, line, what) => {
  const workload = script(text);
  expect(() => workload.prepare(banks)).toThrow(`own.sql:${line}: at ${what}`);
});

test("a file that is not there is named", () => {
  expect(() => new SqlScript({ file: join(directory, "none.sql"), participants, seed: 1 })).toThrow("none.sql");
});
