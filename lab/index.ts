/** The door: the explorer, judges, and the workloads that demonstration, tests and benchmarks share. */

export { judgeTrace, type Judgement } from "./check/judge.ts";
export { withViolations } from "./check/notes.ts";
export { rules, type Rule, type Violation } from "./check/rules.ts";
export {
  explore,
  type Broken,
  type Budget as ExplorationBudget,
  type Exploration,
  type Reach,
} from "./explore/explore.ts";
export { COUNTED_TIMERS, withinBudgets, type Budget, type Budgets } from "./explore/machines/budgets.ts";
export { exploreMachines } from "./explore/machines/index.ts";
export { modelOf, type Model } from "./explore/machines/model.ts";
export { specNamed, specNames, type SpecName } from "./explore/specs/named.ts";
export { plantedModel } from "./bugs/explored.ts";
export { bugNamed, bugNames } from "./bugs/plant.ts";
export type { Broken as BrokenSchedule, Tally } from "./simulate/batch.ts";
export { names as protocolNames, safeRuns, type Protocols } from "./simulate/capabilities.ts";
export type { CoordinatorHost } from "./simulate/hosts.ts";
export { simulate } from "./simulate/pool.ts";
export { Seeded } from "./simulate/random.ts";
export { defaultTimes as simulatedTimes, type Store } from "./simulate/setting.ts";
export { World } from "./simulate/world.ts";
export { replay, type Replayed } from "./simulate/replay.ts";
export { SeededRandom, Zipfian } from "./random.ts";
export { writeTrace } from "./write-trace.ts";
export { answerTo, askAgain } from "./workloads/answers.ts";
export { judge, openBooks, readBooks, type Books } from "./workloads/books.ts";
export { KeyValue } from "./workloads/key-value.ts";
export { coreWorkloads, type KeyDistribution, type KeyValueOptions } from "./workloads/key-value-draws.ts";
export { workloadNamed, workloadNames } from "./workloads/named.ts";
export { SqlScript } from "./workloads/script/script.ts";
export { mix, SmallBank, type SmallBankOptions } from "./workloads/smallbank.ts";
export type {
  Answered,
  Bank,
  Interactive,
  Job,
  JobBranch,
  Judge,
  OneShot,
  Refused,
  Verdict,
  Workload,
} from "./workloads/workload.ts";
