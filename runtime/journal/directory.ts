/** Where a journal lives: made where it is missing, durably, and readable by its owner alone. */

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import { messageOf, refused } from "./errors.ts";

/** @throws NemconError DIRECTORY_UNWRITABLE */
export function makeDirectory(directory: string): void {
  const wanted = resolve(directory);
  try {
    for (const folder of missing(wanted)) {
      mkdirSync(folder, { mode: 0o700 });
      syncDirectory(dirname(folder));
    }
    // Also where it exists: a file in its place is told here.
    mkdirSync(wanted, { recursive: true });
  } catch (cause) {
    throw refused(
      "DIRECTORY_UNWRITABLE",
      directory,
      `could not make this directory: ${messageOf(cause)}. Give this user the right to write there, take away a file that is in its place, or name another directory.`,
      cause,
    );
  }
}

/** Outermost first. One by one: a recursive mkdir never ends where the system says that the parent is missing and it is there (under /proc). */
function missing(wanted: string): string[] {
  const folders: string[] = [];
  for (let folder = wanted; !existsSync(folder); folder = dirname(folder)) folders.unshift(folder);
  return folders;
}

/** The one name of a file in a directory that exists: two paths to a journal must not give it two locks and two witnesses. */
export function realFile(file: string): string {
  return existsSync(file) ? realpathSync(file) : join(realpathSync(dirname(file)), basename(file));
}

/** A new name is there after a power failure only once its directory is durable. @throws on I/O trouble */
export function syncDirectory(directory: string): void {
  // Windows opens no directory, and keeps its names by other means.
  if (process.platform === "win32") return;
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
