/** Which nemcon this is. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The version in package.json, wherever the command runs from: the source or dist/. */
export function version(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version?: string };
      if (manifest.version !== undefined) return manifest.version;
    } catch {
      // Not here: one folder up.
    }
    if (folder === dirname(folder)) return "unknown";
  }
}
