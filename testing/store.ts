/** A participant's database across the lives of its simulated process: the shipped journal and resource manager on a file. */

import { copyFileSync, existsSync, renameSync, rmSync } from "node:fs";
import Database from "better-sqlite3";
import type { Store } from "../lab/index.ts";
import { openSqliteResource, type SqliteResource } from "../participant/index.ts";
import { openJournal, type OpenedJournal, type SqliteJournal } from "../runtime/journal/index.ts";

/** Of a simulated process nothing is written in a hurry. */
const WAL_BYTES = 256 * 1024;
/** What a killed process leaves: the database, its log, and the journal's witness. */
const PARTS = ["", "-wal", "-witness"] as const;

interface Life {
  readonly journal: SqliteJournal;
  readonly resource: SqliteResource;
  readonly replayed: OpenedJournal["replayed"];
}

export class SqliteStore implements Store {
  readonly file: string;
  /** What happened outside of nemcon to rows that a branch had locked, in words. */
  readonly outsideWrites: string[] = [];
  private readonly node: string;
  private life: Life | null = null;
  /** Of the life that is over. */
  private last: Pick<Store, "sequence" | "starts"> = { sequence: 0, starts: [] };

  /** @param schema SQL that makes and fills the tables */
  constructor(file: string, node: string, schema: string) {
    this.file = file;
    this.node = node;
    const database = new Database(file);
    try {
      database.pragma("journal_mode = WAL");
      database.exec(schema);
    } finally {
      database.close();
    }
  }

  open(): ReturnType<Store["open"]> {
    const { file, node } = this;
    // The machine that runs the test does not stop: a process that dies loses nothing that it has written.
    const faults = { noSync: true } as const;
    const hooks = {
      onFatal: (error: Error): never => {
        throw error;
      },
    };
    const options = { file, own: false, cluster: "simulated", node, walBytes: WAL_BYTES, faults, hooks };
    const { journal, replayed } = openJournal({ ...options, role: "participant" });
    journal.database.pragma("foreign_keys = OFF");
    const resource = openSqliteResource({
      file,
      journalDatabase: journal.database,
      onOutsideWrite: (transaction, detail) => this.outsideWrites.push(`${transaction}: ${detail}`),
    });
    journal.setGuard(resource.guard);
    this.life = { journal, resource, replayed };
    return { journal, resource, rows: replayed };
  }

  crash(tail: "kept" | "lost"): void {
    const { file, life } = this;
    if (life === null) return;
    if (tail === "kept") life.journal.flush();
    const last = lastOf(life);
    // A clean end would write what a killed process loses: what is there now comes back after it.
    for (const part of PARTS) if (existsSync(file + part)) copyFileSync(file + part, `${file}${part}.killed`);
    this.close();
    this.last = last;
    rmSync(`${file}-shm`, { force: true });
    for (const part of PARTS) {
      if (existsSync(`${file}${part}.killed`)) renameSync(`${file}${part}.killed`, file + part);
      else rmSync(file + part, { force: true });
    }
  }

  get sequence(): number {
    return this.life?.journal.durableSequence ?? this.last.sequence;
  }

  get starts(): Store["starts"] {
    return this.life?.journal.starts ?? this.last.starts;
  }

  /** The process ends as it should. */
  close(): void {
    if (this.life === null) return;
    const { journal, resource } = this.life;
    this.last = lastOf(this.life);
    this.life = null;
    resource.close();
    journal.close();
  }

  /** Committed data. */
  get resource(): SqliteResource | null {
    return this.life?.resource ?? null;
  }
}

function lastOf({ journal: { durableSequence: sequence, starts } }: Life): Pick<Store, "sequence" | "starts"> {
  return { sequence, starts };
}
