/** A schedule once more, to be looked at: shrunk where it breaks a rule, as a diagram and as a trace. */

import { diagramOf, diagramText, mergeTraces, type TraceEvent } from "../../trace/index.ts";
import { withBug } from "../bugs/plant.ts";
import { writeTrace } from "../write-trace.ts";
import type { Broken } from "./batch.ts";
import type { Violation } from "./judges.ts";
import { runSchedule } from "./run.ts";
import { drawSchedule, type FaultClass, type Workload } from "./schedule.ts";
import { shrink } from "./shrink.ts";
import { describeSchedule } from "./story.ts";

export interface ReplayOptions {
  readonly faults: FaultClass;
  /** null: as drawn. */
  readonly workload: Workload | null;
  /** The name of a planted bug; null: none. */
  readonly bug: string | null;
  /** Where the trace goes; null: nowhere. */
  readonly trace: string | null;
}

export interface Replayed {
  /** Lines that say what was run. */
  readonly schedule: readonly string[];
  /** The run as a sequence diagram in text. */
  readonly diagram: string;
  readonly violations: readonly Violation[];
  /** How many runs it took to shrink it. */
  readonly runs: number;
}

/** @param broken one that breaks no rule is run as it is */
export function replay({ protocol, seed, violations: [first] }: Broken, options: ReplayOptions): Promise<Replayed> {
  const { faults, workload, bug, trace: file } = options;
  return withBug(bug, protocol, async (planted) => {
    const drawn = drawSchedule(protocol, seed, { faults, ...(workload === null ? {} : { workload }) });
    const shrunk = first === undefined ? null : await shrink(drawn, first.rule, planted);
    const schedule = shrunk?.schedule ?? drawn;
    const events: TraceEvent[] = [];
    const { violations } = await runSchedule(schedule, {
      ...planted,
      ...(first === undefined ? {} : { until: [first.rule] }),
      trace: (event) => events.push(event),
    });
    const trace = mergeTraces([events]);
    if (file !== null) writeTrace(file, trace);
    return {
      schedule: describeSchedule(schedule),
      diagram: diagramText(diagramOf(trace)),
      violations,
      runs: shrunk?.runs ?? 0,
    };
  });
}
