/** No act of an operator without a reason, and none before somebody has read what it does and said so. */

import { createInterface } from "node:readline/promises";
import { usage } from "../arguments.ts";
import type { Shell } from "../shell.ts";

export interface Agreement {
  /** Typed to do it. */
  readonly word: string;
  /** What it does, to be read before; null: the server has its own words. */
  readonly text: string | null;
  /** In a script: what can't be asked, and has to be said by --yes. */
  readonly unasked: string;
  /** null: asked for on a terminal. */
  readonly reason: string | null;
  readonly yes: boolean;
}

/** The reason; null: the person thought better of it. @throws NemconError USAGE */
export async function agreed(
  shell: Shell,
  { word, text, unasked, reason: given, yes }: Agreement,
): Promise<string | null> {
  const { output } = shell;
  const isTerminal = process.stdin.isTTY && process.stderr.isTTY && !output.json;
  if (given !== null && given.trim() === "") throw usage("The reason is empty.");
  if (!isTerminal) {
    if (given === null) throw usage("Why? Give --reason: it stays with what is done.");
    if (!yes) throw usage(`${unasked} Give --yes where nobody can be asked.`);
    return given;
  }
  if (text !== null) output.note(text);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const { signal } = shell;
    const reason = given ?? (await terminal.question("Why? ", { signal })).trim();
    if (reason === "") return null;
    if (yes) return reason;
    return (await terminal.question(`Type ${word} to do it: `, { signal })).trim() === word ? reason : null;
  } finally {
    terminal.close();
  }
}
