/** The door: workloads and judges that the demonstration, tests and benchmarks share. */

export { SeededRandom, Zipfian } from "./random.ts";
export { answerTo, askAgain } from "./workloads/answers.ts";
export { judge, openBooks, readBooks, type Books } from "./workloads/books.ts";
export { mix, SmallBank, type SmallBankOptions } from "./workloads/smallbank.ts";
export type { Answered, Bank, Job, Refused, Verdict, Workload } from "./workloads/workload.ts";
