/** The key-value workload: YCSB's operations on a table of each participant, several participants a transaction. */

import Database from "better-sqlite3";
import type { Client, Operation } from "../../client/index.ts";
import { Draws, type Draw, type KeyValueOptions } from "./key-value-draws.ts";
import { KeyValueJudge } from "./key-value-judge.ts";
import { tag, TALLY_SIZE } from "./key-value-tally.ts";
import { oneShot } from "./one-shot.ts";
import type { Answered, Bank, Interactive, Job, JobBranch, Judge, Workload } from "./workload.ts";

const VALUE_BYTES = 100;
const TALLY_MASK = TALLY_SIZE - 1;

const one = { rows: 1 } as const;
const read = "SELECT value FROM kv WHERE key = ?";
const update = "UPDATE kv SET value = ? WHERE key = ?";
const updateWithTally = `UPDATE kv SET value = ?, tally = (tally + ?) & ${TALLY_MASK} WHERE key = ?`;
const upsert = "INSERT INTO kv(key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value";
const upsertWithTally = `INSERT INTO kv(key, value, tally) VALUES (?, ?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value, tally = (tally + excluded.tally) & ${TALLY_MASK}`;

export class KeyValue implements Workload {
  readonly name: string;
  readonly seed: number;
  private readonly options: KeyValueOptions;
  private readonly valueBytes: number;
  private readonly tally: boolean;
  private readonly draws: Draws;

  /** @throws NemconError USAGE */
  constructor(options: KeyValueOptions, name = "kv") {
    this.name = name;
    this.seed = options.seed;
    this.options = options;
    this.valueBytes = options.valueBytes ?? VALUE_BYTES;
    this.tally = options.tally ?? true;
    this.draws = new Draws(options);
  }

  prepare(banks: readonly Bank[]): void {
    for (const { file } of banks) this.openTable(file);
  }

  begin(banks: readonly Bank[]): Judge {
    const { draws, tally } = this;
    for (const { file } of banks) {
      const { number, key } = highest(file);
      draws.number = Math.max(draws.number, number + 1);
      draws.nextKey = Math.max(draws.nextKey, key + 1);
    }
    const byName = new Map(banks.map((bank) => [bank.name, bank]));
    const inOrder = this.options.participants.flatMap((name) => byName.get(name) ?? []);
    return new KeyValueJudge(inOrder, draws, tally);
  }

  next(): Job {
    const draw = this.draws.next();
    const { type, number } = draw;
    if (type !== "readModifyWrite") return oneShot(type, number, this.branches(draw, type === "read"));
    const job: Interactive = {
      type,
      number,
      branches: null,
      run: (client, timeoutMs) => this.readModifyWrite(draw, client, timeoutMs),
    };
    return job;
  }

  private openTable(file: string): void {
    const { records } = this.draws;
    const database = new Database(file);
    try {
      database.pragma("journal_mode = WAL");
      database.transaction(() => {
        database.exec(
          "CREATE TABLE IF NOT EXISTS kv(key INTEGER PRIMARY KEY, value TEXT NOT NULL, tally INTEGER NOT NULL DEFAULT 0)",
        );
        const count = database.prepare<[number], number>("SELECT count(*) FROM kv WHERE key <= ?").pluck();
        if (count.get(records) === records) return;
        const insert = database.prepare<[number, string]>("INSERT OR IGNORE INTO kv(key, value) VALUES (?, ?)");
        const value = this.value(0);
        for (let key = 1; key <= records; key += 1) insert.run(key, value);
      })();
    } finally {
      database.close();
    }
  }

  private branches({ number, at, keys }: Draw, isRead: boolean): JobBranch[] {
    const { participants } = this.options;
    const value = isRead ? "" : this.value(number);
    return at.map((index, place) => ({
      participant: participants[index] ?? "",
      operations: (keys[place] ?? []).map((key) => (isRead ? lookUp(key) : this.write(key, number, value))),
    }));
  }

  /** Keys past the first ones may be missing: their insert may have been aborted. */
  private write(key: number, number: number, value: string): Operation {
    if (key > this.draws.records)
      return this.tally
        ? { sql: upsertWithTally, parameters: [key, value, tag(number)] }
        : { sql: upsert, parameters: [key, value] };
    return this.tally
      ? { sql: updateWithTally, parameters: [value, tag(number), key], expect: one }
      : { sql: update, parameters: [value, key], expect: one };
  }

  private async readModifyWrite(draw: Draw, client: Client, timeoutMs: number): Promise<Answered> {
    const { type, number } = draw;
    const branches = this.branches(draw, false);
    const outcome = await client.transact(
      async (transaction) => {
        for (const [place, { participant, operations }] of branches.entries()) {
          const branch = transaction.on(participant);
          for (const key of draw.keys[place] ?? []) await branch.sql(read, [key]);
          for (const { sql, parameters, expect } of operations)
            await branch.sql(sql, parameters, expect === undefined ? {} : { expect });
        }
      },
      { timeoutMs },
    );
    return { type, number, outcome, deltas: new Map() };
  }

  /** The transaction's number, and as many bytes as asked for. */
  private value(number: number): string {
    return String(number).padEnd(this.valueBytes, ".");
  }
}

function lookUp(key: number): Operation {
  return { sql: read, parameters: [key] };
}

/** Transaction number and key. */
function highest(file: string): { readonly number: number; readonly key: number } {
  const database = new Database(file, { readonly: true });
  try {
    const query = "SELECT coalesce(max(CAST(value AS INTEGER)), 0), coalesce(max(key), 0) FROM kv";
    const [number = 0, key = 0] = database.prepare<[], [number, number]>(query).raw().get() ?? [];
    return { number, key };
  } finally {
    database.close();
  }
}
