/** The log writes one JSON object a line, and says why an error was. */

import { expect, test } from "vitest";
import { NemconError } from "../../../runtime/errors/index.ts";
import { openLog } from "../../../runtime/index.ts";

function written(level: string, write: (log: ReturnType<typeof openLog>["log"]) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  write(openLog({ level, bindings: { role: "coordinator", node: "c1" }, stream }).log);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("a line carries level, time, process, role, node and component", () => {
  const [line] = written("info", (log) => log.child({ component: "journal" }).info({ rows: 3 }, "opened"));
  expect(line).toMatchObject({
    level: "info",
    pid: process.pid,
    role: "coordinator",
    node: "c1",
    component: "journal",
  });
  expect(line).toMatchObject({ rows: 3, msg: "opened" });
  expect(new Date(String(line?.["time"])).getTime()).toBeGreaterThan(0);
});

test("an error carries its reason, details and stack", () => {
  const error = new NemconError("PORT_TAKEN", "taken", { details: { address: "127.0.0.1:1" } });
  const [line] = written("info", (log) => log.error({ err: error }, "cannot serve"));
  expect(line?.["err"]).toMatchObject({ reason: "PORT_TAKEN", message: "taken", address: "127.0.0.1:1" });
});

test("what is less severe than the level is not written", () => {
  expect(written("warn", (log) => log.info("quiet"))).toEqual([]);
});

test("a 64-bit integer is written whole", () => {
  const lines: string[] = [];
  openLog({ level: "info", bindings: {}, stream: { write: (line: string) => void lines.push(line) } }).log.info({
    n: 2n ** 63n - 1n,
  });
  expect(lines.join("")).toContain('"n":9223372036854775807');
});
