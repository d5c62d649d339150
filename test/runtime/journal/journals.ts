/** What the tests of the journal share: temporary directories, journals in them, and processes that own one. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import Database from "better-sqlite3";
import { onTestFinished } from "vitest";

import { NemconError } from "../../../runtime/errors/index.ts";
import { journalFile, type JournalOptions, openJournal, type OpenedJournal } from "../../../runtime/journal/index.ts";
import type { Replayed } from "../../../runtime/journal/load.ts";
import { type ChildTask, prepared } from "./entries.ts";

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "nemcon-journal-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function coordinatorOptions(directory: string): JournalOptions {
  return {
    file: journalFile(directory),
    own: true,
    cluster: "demo",
    node: "c-1",
    role: "coordinator",
    walBytes: 64 * 1024,
    busyMs: 40,
    hooks: {
      warn: () => undefined,
      onFatal: (error) => {
        throw error;
      },
    },
  };
}

/** Opens a journal that is closed when the test ends. */
export function opened(options: JournalOptions): OpenedJournal & { readonly replayed: readonly Replayed[] } {
  const journal = openJournal(options);
  onTestFinished(() => journal.journal.close());
  return { ...journal, replayed: [...journal.replayed] };
}

/** One forced turn with one entry. */
export function write({ journal }: OpenedJournal, sequence: number): number {
  return journal.transact(() => ({ entries: [prepared(sequence)], force: true }));
}

/** A closed journal of `rows` rows, one entry each. */
export function written(directory: string, rows: number, options = coordinatorOptions(directory)): JournalOptions {
  const journal = openJournal(options);
  for (let sequence = 1; sequence <= rows; sequence += 1) write(journal, sequence);
  journal.journal.close();
  return options;
}

/** Changes a database behind the journal's back. */
export function tamper(file: string, change: (database: Database.Database) => void): void {
  const database = new Database(file);
  try {
    change(database);
  } finally {
    database.close();
  }
}

/** The reason and message of what `act` throws; a test that expects one gets "none" where it throws nothing. */
export function refusal(act: () => unknown): {
  readonly reason: string;
  readonly message: string;
  readonly exitCode: number;
} {
  try {
    act();
  } catch (thrown) {
    if (!NemconError.is(thrown)) throw thrown;
    return { reason: thrown.reason, message: thrown.message, exitCode: thrown.exitCode };
  }
  return { reason: "none", message: "", exitCode: 0 };
}

/** The bytes of a journal's files, to see that nothing changed. An empty -wal file, which any reader leaves, is none. */
export function fingerprint(file: string): string {
  return ["", "-wal", "-witness"].map((suffix) => digest(`${file}${suffix}`)).join(" ");
}

function digest(path: string): string {
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  return bytes.length === 0 ? "none" : createHash("sha256").update(bytes).digest("hex");
}

const childFile = fileURLToPath(new URL("child.ts", import.meta.url));

export interface ChildEnd {
  readonly status: number | null;
  readonly signal: string | null;
  /** The sequences that it was told are durable. */
  readonly reported: readonly number[];
  readonly stderr: string;
}

/** Runs a process with a journal to its end. @param limitBlocks no file grows past this many KiB */
export function runChild(task: ChildTask, limitKib?: number): ChildEnd {
  const command = [process.execPath, childFile, JSON.stringify(task)];
  const result =
    limitKib === undefined
      ? spawnSync(command[0] ?? "", command.slice(1), { encoding: "utf8" })
      : spawnSync("bash", ["-c", `ulimit -f ${limitKib}; exec "$@"`, "bash", ...command], { encoding: "utf8" });
  const reported = result.stdout.split("\n").filter((line) => /^\d+$/.test(line));
  return { status: result.status, signal: result.signal, reported: reported.map(Number), stderr: result.stderr };
}

/** Starts a process with a journal; killed when the test ends. */
export function startChild(task: ChildTask): ChildProcess {
  const child = spawn(process.execPath, [childFile, JSON.stringify(task)], { stdio: ["pipe", "pipe", "pipe"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}
