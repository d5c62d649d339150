/** What `nemcon bench` prints for people. */

import { said, type BenchReport } from "../../lab/bench/index.ts";
import { table, type Output } from "../output.ts";

export function reportText(output: Output, report: BenchReport): string {
  const { machine, measurements, rounds, seconds } = report;
  const { rates, cpu, limits, figures, profile, functions, batches, disturbed, invalid } = said(report);
  const tables = [rates, cpu, limits, figures, profile, functions];
  const compared = measurements.reduce((sum, each) => sum + each.compared, 0);
  const wrong = measurements.flatMap(({ name, violations }) => violations.map((text) => `${name}: ${text}`));
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.fileSystem ?? "unknown file system"}, Node ${machine.node}; ${rounds} rounds of ${seconds} s`,
    ...tables.filter(({ rows }) => rows.length > 0).map(({ head, rows }) => table(head, rows)),
    ...(batches === null ? [] : [batches]),
    ...(disturbed === null ? [] : [disturbed]),
    invalid.map((line) => `${output.style("yellow", "invalid")}  ${line}`).join("\n"),
    wrong.length === 0
      ? `${output.style("green", "VALID")}: all ${compared.toLocaleString("en-US")} answers agree with the databases.`
      : `${output.style("red", "INVALID")}: ${wrong.join("; ")}`,
  ].join("\n\n");
}
