/** The door: the benchmark. */

export { pageOf } from "./page.ts";
export { parts } from "./rounds.ts";
export { bench, type BenchReport } from "./run.ts";
export { said } from "./tables.ts";
