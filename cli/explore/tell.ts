/** What `nemcon explore` prints for people. */

import type { Broken } from "../../lab/index.ts";
import { diagramOf, diagramText, mergeTraces } from "../../trace/index.ts";
import { table, type Output } from "../output.ts";

/** The rule, and a shortest way to its violation: each step with what it changed, and the run of machines as a diagram. */
export function counterexample(output: Output, { rule, count, trace, events }: Broken): string {
  const rows = trace.map(({ label, state }, index) => {
    const before = trace[index - 1]?.state ?? {};
    const changed = Object.entries(state).filter(([name, value]) => index > 0 && before[name] !== value);
    return [String(index), label, changed.map(([name, value]) => `${name}: ${value}`).join("; ")];
  });
  const drawn = events.length === 0 ? "" : `\n${diagramText(diagramOf(mergeTraces([events])))}\n`;
  const times = count === 1 ? "once" : `${count.toLocaleString("en-US")} times`;
  return `${output.style("red", `broken: ${rule}`)} (${times}; a shortest way there)\n\n${table(["", "step", "changes"], rows)}\n${drawn}`;
}
