/** What `nemcon bench` prints: a table for people, a document for machines. */

import { spreadOf, type BenchReport, type Measurement } from "../../lab/bench/index.ts";
import type { Json } from "../json.ts";
import { table, type Output } from "../output.ts";

export function reportDocument(report: BenchReport): Json {
  return report as unknown as Json;
}

export function reportText(output: Output, { measurements }: BenchReport): string {
  const byName = Map.groupBy(measurements, ({ name }) => name);
  const rows = [...byName].map(([name, all]) => row(name, all));
  const head = ["", "tx/s", "min–max", "p50 ms", "p99 ms", "max ms", "CPU µs/tx", "by process", "cores", "others"];
  const violations = measurements.flatMap((each) => each.violations.map((text) => `${each.name}: ${text}`));
  const verdict =
    violations.length === 0
      ? `${output.style("green", "VALID")}: every answer agrees with the databases (${measurements.reduce((sum, { compared }) => sum + compared, 0)} compared)`
      : `${output.style("red", "INVALID")}: ${violations.join("; ")}`;
  return `${table(head, rows)}\n\n${verdict}`;
}

function row(name: string, all: readonly Measurement[]): string[] {
  const rate = spreadOf(all.map(({ perSecond }) => perSecond));
  const median = (of: (each: Measurement) => number | undefined, digits: number): string => {
    const spread = spreadOf(all.map(of).filter((value) => value !== undefined));
    return spread === null ? "–" : spread.median.toFixed(digits);
  };
  const processes = Object.keys(all[0]?.cpuMicros?.processes ?? {});
  return [
    name,
    whole(rate?.median),
    `${whole(rate?.min)}–${whole(rate?.max)}`,
    median(({ latencyMs }) => latencyMs.p50, 2),
    median(({ latencyMs }) => latencyMs.p99, 2),
    median(({ latencyMs }) => latencyMs.max, 1),
    median(({ cpuMicros }) => cpuMicros?.total, 1),
    processes.map((process) => `${process} ${median(({ cpuMicros }) => cpuMicros?.processes[process], 1)}`).join(", "),
    median(({ cores }) => cores?.used, 2),
    median(({ cores }) => cores?.others, 2),
  ];
}

function whole(value: number | undefined): string {
  return value === undefined ? "–" : Math.round(value).toLocaleString("en-US");
}
