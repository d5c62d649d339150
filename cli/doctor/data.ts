/** Checks of what a server keeps: its configuration, its directory or database, the journal in it. */

import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { exit, isReason, reasons, type ExitCode } from "../../runtime/errors/index.ts";
import { loadConfig, type Configs, type Role } from "../../runtime/index.ts";
import type { JournalDescription } from "../../runtime/journal/index.ts";
import { failed, failedBy, ok, warning, type Check } from "./check.ts";
import { checkPort } from "./installation.ts";
import { counted } from "../words.ts";

const LITTLE_SPACE_BYTES = 1024 ** 3;

/** Checks a configuration as the server would read it, then what it points to. */
export async function checkConfig(role: Role, file: string): Promise<readonly Check[]> {
  try {
    const config: Configs[Role] = loadConfig(role, {
      file,
      environment: process.env,
      flags: {},
    });
    const found = ok("configuration", `${file}: ${role} ${config.node} of the cluster ${config.cluster}`);
    const data = "database" in config ? checkDatabase(config.database) : checkDirectory(config.directory);
    return [found, await checkPort("listen", config.listen), ...(await data)];
  } catch (error) {
    return [failedBy("configuration", error)];
  }
}

/** Free space and the right to write; what is missing is made at the first start. */
function checkFolder(name: string, folder: string): readonly Check[] {
  if (!existsSync(folder)) {
    const parent = dirname(folder);
    return parent === folder ? [failed(name, `${folder} is not there`, exit.configuration)] : checkFolder(name, parent);
  }
  if (!statSync(folder).isDirectory()) return [failed(name, `${folder} is no directory`, exit.configuration)];
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    return [failed(name, `${folder} is not writable by this user`, exit.configuration)];
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const detail = `${folder} is writable, ${Math.floor(free / 1024 ** 2)} MiB free`;
  return [free < LITTLE_SPACE_BYTES ? warning(name, `${detail}: that is little`) : ok(name, detail)];
}

/** A coordinator's data directory. */
export async function checkDirectory(directory: string): Promise<readonly Check[]> {
  const { journalFile } = await import("../../runtime/journal/index.ts");
  const folder = checkFolder("directory", resolve(directory));
  const journal = journalFile(directory);
  return existsSync(journal) ? [...folder, await checkJournal(journal)] : [...folder, ok("journal", "none yet")];
}

async function checkDatabase(database: string): Promise<readonly Check[]> {
  const folder = checkFolder("directory", dirname(database));
  if (!existsSync(database)) return [...folder, ok("database", `${database} is made at the first start`)];
  try {
    return [...folder, (await hasJournal(database)) ? await checkJournal(database) : ok("journal", "none yet")];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [...folder, failed("database", `${database} cannot be read: ${why}`, exit.configuration)];
  }
}

/** @throws SqliteError where the file is no database */
async function hasJournal(file: string): Promise<boolean> {
  const { default: Database } = await import("better-sqlite3");
  const database = new Database(file, { readonly: true, fileMustExist: true });
  try {
    return database.prepare("select 1 from sqlite_master where name = 'nemcon_journal'").get() !== undefined;
  } finally {
    database.close();
  }
}

async function checkJournal(file: string): Promise<Check> {
  try {
    const { describeJournal } = await import("../../runtime/journal/index.ts");
    const journal = describeJournal(file);
    const [damage] = journal.damages;
    if (damage !== undefined) return failed("journal", `${damage.reason}: ${damage.message}`, damageExit(journal));
    const { node, rows, openTransactions } = journal;
    return ok(
      "journal",
      `${file}: of ${node}, ${counted(rows.length, "row")}, ${counted(openTransactions.length, "open transaction")}`,
    );
  } catch (error) {
    return failedBy("journal", error);
  }
}

/** What a journal's damages exit with: 70 where one of them is damage, else what the first one says. */
export function damageExit(journal: Pick<JournalDescription, "damages">): ExitCode {
  const codes = journal.damages.map(({ reason }) => (isReason(reason) ? reasons[reason].exit : exit.journalDamaged));
  return codes.includes(exit.journalDamaged) ? exit.journalDamaged : (codes[0] ?? exit.done);
}
