/** A planted bug: a protocol that is wrong in one thing, to see that judges notice. No shipped file knows of it. */

import type { ProtocolName } from "../../protocols/index.ts";
import type { Budgets } from "../explore/machines/budgets.ts";
import type { Vote } from "../explore/machines/model.ts";
import type { Workload } from "../simulate/schedule.ts";
import type { RuleName } from "../simulate/judges.ts";
import type { PlantedInPorts } from "../simulate/setting.ts";
import type { Wrapped } from "./machines.ts";

export interface Explored extends Budgets {
  /** What the resources answer. */
  readonly votes?: readonly Vote[];
}

export interface Bug {
  /** For command lines. */
  readonly name: string;
  /** What is wrong, for people. */
  readonly what: string;
  readonly protocol: ProtocolName;
  /** Machines that are changed from outside … */
  readonly machines?: Wrapped;
  /** … or what they stand on. */
  readonly ports?: PlantedInPorts;
  /** One of these, whatever else: what users would see, not only the order of writes. */
  readonly seenBy: readonly RuleName[];
  /** Only runs with all protocols side by side have what it takes. */
  readonly mixed?: true;
  /** Which schedules find it; absent: operations. */
  readonly workload?: Workload;
  /** Who finds it: random schedules, unless it takes a chain of events that only an exhaustive search comes across. */
  readonly foundBy?: "explorer";
  /** The small model in which an exhaustive search comes across it; else the one that is explored by default. */
  readonly explored?: Explored;
  /** It breaks the order of writes and sends too, which is seen at once. */
  readonly writeAhead?: true;
}
