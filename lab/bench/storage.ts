/**
 * The storage alone: what the product wrote in a measurement, written again without messages: the same number of
 * forced transactions, journal rows of the same sizes, the same updates.
 */

import { randomBytes } from "node:crypto";
import type { Statement } from "better-sqlite3";
import { openStore, type Store } from "./store.ts";
import { typicalMs } from "./typical.ts";

export interface Replay {
  /** Bytes of each journal row: one a forced transaction. */
  readonly rowBytes: readonly number[];
  /** One-row updates, spread evenly over the transactions. */
  readonly updates: number;
  readonly valueBytes: number;
  /** Keys ascend from 1 to this, again and again. */
  readonly records: number;
}

export interface Replayed {
  readonly elapsedMs: number;
  readonly cpuMs: number;
}

let store: Store | null = null;
let insert: Statement<[number, Buffer]> | null = null;
let sequence = 0;
let key = 0;

export const methods = {
  open: ({ file }: { readonly file: string }): void => {
    store = openStore(file);
    store.database.exec("CREATE TABLE IF NOT EXISTS nemcon_journal(sequence INTEGER PRIMARY KEY, body BLOB NOT NULL)");
    insert = store.database.prepare("INSERT INTO nemcon_journal (sequence, body) VALUES (?, ?)");
  },

  replay: ({ rowBytes, updates, valueBytes, records }: Replay): Replayed => {
    if (store === null || insert === null) throw new Error("not open");
    const { database, commit } = store;
    const update = updates > 0 ? database.prepare<[string, number]>("UPDATE kv SET value = ? WHERE key = ?") : null;
    const bytes = randomBytes(Math.max(0, ...rowBytes));
    const value = "x".repeat(valueBytes);
    const cpuBefore = process.cpuUsage();
    const beganMs = performance.now();
    let done = 0;
    for (const [index, size] of rowBytes.entries()) {
      const until = Math.round((updates * (index + 1)) / rowBytes.length);
      commit(() => {
        sequence += 1;
        insert?.run(sequence, bytes.subarray(0, size));
        for (; done < until; done += 1) {
          key = (key % records) + 1;
          update?.run(value, key);
        }
      });
    }
    const elapsedMs = performance.now() - beganMs;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { elapsedMs, cpuMs: (user + system) / 1_000 };
  },

  /** p50 of forced commits of one record each, one after the other, in milliseconds. */
  commits: ({ rowBytes, forMs }: { readonly rowBytes: number; readonly forMs: number }): number => {
    if (store === null || insert === null) throw new Error("not open");
    const { commit } = store;
    const row = insert;
    const body = Buffer.alloc(rowBytes);
    return typicalMs(forMs, () =>
      commit(() => {
        sequence += 1;
        row.run(sequence, body);
      }),
    );
  },
};
