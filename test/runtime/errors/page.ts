/** docs/errors.md, from the tables. `vitest -u` writes it anew. */

import { aborts, code, reasons } from "../../../runtime/errors/index.ts";

const codeNames = new Map<number, string>(
  Object.entries(code).map(([name, number]) => [number, name.replaceAll(/[A-Z]/g, "_$&").toUpperCase()]),
);

const head = `# Errors and aborts

Three sorts of trouble have three forms. An **abort** is an outcome with a reason, never an error: the call succeeds
and says \`aborted\`. An **error** says that a request could not be taken or answered; its reason is stable, its message
says what happened, why and what to do. A **deadline** is not a verdict: the outcome is not known yet, and the answer
says how to ask for it.

Over gRPC an error is a \`google.rpc.Status\` with \`ErrorInfo { reason, domain: "nemcon", metadata }\`; where it makes
sense to try again it carries a \`RetryInfo\`. The metadata are details for programs, such as \`abortReason\` and
\`participant\`; the client library gives them as \`details\` of its \`NemconError\`. The command prints the message on stderr and exits with the code given here; with
\`--json\` it prints \`{"error":{"reason":…,"message":…}}\` on stdout.

Exit codes:

- 0: done, committed, valid
- 1: failed, aborted, invalid
- 2: no verdict: pending, unknown, or no longer kept
- 64: usage
- 70: a journal is damaged
- 74: an I/O error on a forced write
- 75: try again
- 78: configuration
`;

/** The whole page. */
export function errorsPage(): string {
  const errors = Object.entries(reasons).map(
    ([reason, entry]) =>
      `### ${reason}\n\n${entry.meaning} ${entry.remedy}\n\n` +
      `gRPC ${codeNames.get(entry.code)}, exit ${entry.exit}${entry.retryable ? ", try again" : ""}.\n`,
  );
  const outcomes = Object.entries(aborts).map(
    ([reason, entry]) =>
      `### Abort: ${reason}\n\n${entry.meaning} ${entry.remedy}${entry.retryable ? "\n\nMay commit when run again." : ""}\n`,
  );
  return [head, "## Error reasons\n", ...errors, "## Abort reasons\n", ...outcomes].join("\n");
}

/** The reasons that a page has a heading for. */
export function headings(page: string): string[] {
  return [...page.matchAll(/^### (.+)$/gm)].map((match) => match[1] ?? "");
}
