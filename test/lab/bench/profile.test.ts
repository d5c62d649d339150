/** V8's samples, summed up by the parts of the house. */

import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { summedUp } from "../../../lab/bench/profile.ts";

const root = new URL("../../../", import.meta.url).href;

function frame(functionName: string, url = ""): { functionName: string; url: string; lineNumber: number } {
  return { functionName, url, lineNumber: 9 };
}

test("time is summed up by room and package, idle time left out, start and names of directories too", () => {
  const frames = [
    frame("(idle)"),
    frame("(garbage collector)"),
    frame("dispatch", `${root}runtime/engine/engine.ts`),
    frame("", `${root}runtime/engine/engine.ts`),
    frame("write", `${root}node_modules/@grpc/grpc-js/build/src/call.js`),
    frame("get", fileURLToPath(new URL("node_modules/better-sqlite3/lib/database.js", root))),
    frame("nextTick", "node:internal/process"),
    frame("utf8Slice"),
  ];
  const profile = summedUp("coordinator", {
    nodes: frames.map((callFrame, id) => ({ id, callFrame })),
    samples: [0, 1, 2, 2, 3, 4, 5, 6, 7, 0],
    timeDeltas: [5_000, 100, 200, 100, 100, 200, 100, 100, 100, 9_000],
  });
  expect(profile.busySeconds).toBeCloseTo(0.001);
  expect(Object.fromEntries(profile.parts.map(({ part, share }) => [part, Math.round(share * 1_000)]))).toEqual({
    "runtime/engine": 400,
    "@grpc/grpc-js": 200,
    "Node and V8": 200,
    "garbage collection": 100,
    "better-sqlite3": 100,
  });
  expect(profile.parts[0]?.part).toBe("runtime/engine");
  expect(profile.functions[0]).toEqual({ name: "dispatch runtime/engine/engine.ts:10", share: expect.closeTo(0.3) });
  expect(JSON.stringify(profile)).not.toContain(fileURLToPath(root));
});
