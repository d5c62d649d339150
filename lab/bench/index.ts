/** The door: the benchmark. */

export { pageOf } from "./page.ts";
export { parts } from "./rounds.ts";
export { bench, type BenchReport } from "./run.ts";
export {
  batching,
  cpuTable,
  disturbance,
  figureTable,
  functionTable,
  invalidFigures,
  limitTable,
  profileTable,
  rateTable,
} from "./tables.ts";
