/** The door: the benchmark. */

export type { Measurement } from "./measurement.ts";
export { bench, type BenchReport } from "./run.ts";
export { spreadOf } from "./statistics.ts";
