/**
 * What the command prints, and where. Answers go to stdout; with --json that is one document, or one a
 * line, and nothing else. What is said to people beside the answer goes to stderr.
 */

import { styleText } from "node:util";
import type { Json } from "./json.ts";

type Style = "bold" | "dim" | "red" | "green" | "yellow";

/** Work that is over sooner than this shows no progress. */
const PROGRESS_AFTER_MS = 1000;
const PROGRESS_EVERY_MS = 250;

interface Stream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export class Output {
  readonly json: boolean;
  private readonly options: OutputOptions;

  constructor(options: OutputOptions) {
    this.options = options;
    this.json = options.json;
  }

  /** An answer for machines: one line of JSON. */
  document(json: Json): void {
    this.options.stdout.write(`${JSON.stringify(json)}\n`);
  }

  /** An answer for people: a line, or several. Nothing with --json. */
  answer(text: string): void {
    if (!this.json) this.options.stdout.write(`${text}\n`);
  }

  /** Beside the answer, on stderr. */
  note(text: string): void {
    this.options.stderr.write(`${text}\n`);
  }

  /** For `answer`. */
  style(style: Style, text: string): string {
    return this.styled(style, text, this.options.stdout);
  }

  /** For `note`. */
  noteStyle(style: Style, text: string): string {
    return this.styled(style, text, this.options.stderr);
  }

  private styled(style: Style, text: string, stream: Stream): string {
    const { NO_COLOR, TERM } = this.options.environment;
    const plain = stream.isTTY !== true || (NO_COLOR !== undefined && NO_COLOR !== "") || TERM === "dumb";
    return plain ? text : styleText(style, text, { validateStream: false });
  }

  /** On a terminal, a line that the next one takes the place of; empty: none. */
  status(text: string): void {
    const { stderr } = this.options;
    if (stderr.isTTY === true) stderr.write(`\r\u001b[K${text}`);
  }

  /** Shows on a terminal that `work` is still going on, once it takes longer than a second. */
  async progress<T>(label: string, work: Promise<T>): Promise<T> {
    const { stderr } = this.options;
    if (stderr.isTTY !== true) return work;
    const started = performance.now();
    let shown = false;
    const timer = setInterval(() => {
      const elapsedMs = performance.now() - started;
      if (elapsedMs < PROGRESS_AFTER_MS) return;
      shown = true;
      stderr.write(`\r\u001b[K${label} … ${Math.floor(elapsedMs / 1000)} s`);
    }, PROGRESS_EVERY_MS);
    try {
      return await work;
    } finally {
      clearInterval(timer);
      if (shown) stderr.write("\r\u001b[K");
    }
  }
}

/** Rows under a head, aligned by columns; the last one is not padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
