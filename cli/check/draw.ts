/** The diagram that `nemcon check --diagram` draws: of one transaction, with the violations in it. */

import { writeFileSync } from "node:fs";
import { withViolations, type Judgement } from "../../lab/index.ts";
import { diagramOf, diagramSvg, diagramText, type TraceEvent } from "../../trace/index.ts";
import { usage } from "../arguments.ts";

export const diagramForms = ["text", "svg"] as const;
export type DiagramForm = (typeof diagramForms)[number];

/** So many are named where one must be chosen. */
const NAMED = 5;

/** Those with a violation first: they are what somebody looks for. */
function transactionsOf(events: readonly TraceEvent[], { violations }: Judgement): string[] {
  const all = new Set(events.flatMap((event) => ("transaction" in event ? [event.transaction] : [])));
  const broken = violations.flatMap(({ transaction }) => (transaction === null ? [] : [transaction]));
  return [...new Set([...broken, ...all])];
}

function namedOf(ids: readonly string[]): string {
  return `${ids.slice(0, NAMED).join(", ")}${ids.length > NAMED ? ", …" : ""}`;
}

/** @throws NemconError USAGE where it is not clear which transaction is meant */
export function chosen(events: readonly TraceEvent[], judgement: Judgement, id: string | undefined): string {
  const ids = transactionsOf(events, judgement);
  const [first] = ids;
  if (first === undefined) throw usage("There is no transaction in the trace to draw.");
  if (id !== undefined && !ids.includes(id)) throw usage(`The trace has no transaction ${id}; it has ${namedOf(ids)}.`);
  if (id === undefined && ids.length > 1)
    throw usage(
      `Which of ${ids.length.toLocaleString("en-US")} transactions should be drawn? --transaction ID, such as ${namedOf(ids)}.`,
    );
  return id ?? first;
}

export function drawn(
  events: readonly TraceEvent[],
  { violations }: Judgement,
  transaction: string,
  form: DiagramForm,
): string {
  const diagram = diagramOf(withViolations(events, violations), { transaction });
  return form === "svg" ? diagramSvg(diagram) : diagramText(diagram);
}

/** @throws NemconError USAGE where it can't be written */
export function save(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw usage(`${file} can't be written: ${cause instanceof Error ? cause.message : String(cause)}.`);
  }
}
