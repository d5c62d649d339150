/** What `nemcon bench` prints for people. */

import {
  batching,
  cpuTable,
  disturbance,
  figureTable,
  functionTable,
  invalidFigures,
  limitTable,
  profileTable,
  rateTable,
  type BenchReport,
} from "../../lab/bench/index.ts";
import { table, type Output } from "../output.ts";

function profileTables(report: BenchReport): ReturnType<typeof profileTable>[] {
  return report.profiles.length === 0 ? [] : [profileTable(report), functionTable(report)];
}

export function reportText(output: Output, report: BenchReport): string {
  const { machine, measurements, rounds, seconds } = report;
  const tables = [
    rateTable(report),
    cpuTable(report),
    limitTable(report),
    figureTable(report),
    ...profileTables(report),
  ];
  const compared = measurements.reduce((sum, each) => sum + each.compared, 0);
  const disturbed = disturbance(report);
  const batches = batching(report);
  const wrong = measurements.flatMap(({ name, violations }) => violations.map((text) => `${name}: ${text}`));
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.fileSystem ?? "unknown file system"}, Node ${machine.node}; ${rounds} rounds of ${seconds} s`,
    ...tables.filter(({ rows }) => rows.length > 0).map(({ head, rows }) => table(head, rows)),
    ...(batches === null ? [] : [batches]),
    ...(disturbed === null ? [] : [disturbed]),
    invalidFigures(report)
      .map((line) => `${output.style("yellow", "invalid")}  ${line}`)
      .join("\n"),
    wrong.length === 0
      ? `${output.style("green", "VALID")}: all ${compared.toLocaleString("en-US")} answers agree with the databases.`
      : `${output.style("red", "INVALID")}: ${wrong.join("; ")}`,
  ].join("\n\n");
}
