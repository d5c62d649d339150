/** Runs of explored machines are traces like any other: the judges of real processes' traces read them, and agree. */

import { describe, expect, test } from "vitest";
import { plantedModel } from "../../../lab/bugs/explored.ts";
import { bugs } from "../../../lab/bugs/plant.ts";
import { exploreMachines } from "../../../lab/explore/machines/index.ts";
import { modelOf, noFaults } from "../../../lab/explore/machines/model.ts";
import { MachineSystem } from "../../../lab/explore/machines/system.ts";
import { judgeTrace, Seeded } from "../../../lab/index.ts";
import { protocols, type ProtocolName } from "../../../protocols/index.ts";
import { mergeTraces } from "../../../trace/index.ts";
import { isCI } from "./bent.ts";

const WALKS = isCI ? 1_000 : 100;
const STEPS = 60;
const names = Object.keys(protocols) as ProtocolName[];

describe.each(names.filter((name) => protocols[name].unsafe === null))("random ways through %s", (protocol) => {
  test("keep every rule of a trace", { timeout: 120_000 }, () => {
    const faults = { ...noFaults, crashes: 2, losses: 2, duplicates: 2, timers: 4, suspicions: 1 };
    const system = new MachineSystem(modelOf(protocol, { faults }));
    const starts = [...system.initial()];
    for (let seed = 1; seed <= WALKS; seed += 1) {
      const random = new Seeded(seed);
      const first = random.pick(starts);
      const run = [{ label: "initial", state: first }];
      while (run.length <= STEPS) {
        const ways: (typeof run)[number][] = [];
        system.successors(run.at(-1)?.state ?? first, (label, state) => ways.push({ label, state }));
        if (ways.length === 0) break;
        run.push(random.pick(ways));
      }
      const { violations, events } = judgeTrace(mergeTraces([system.events(run)]));
      expect(violations, `seed ${seed}:\n${run.map(({ label }) => label).join("\n")}`).toEqual([]);
      expect(events).toBeGreaterThan(0);
    }
  });
});

describe("a counterexample of the explorer's", () => {
  test.each(bugs.filter(({ explored }) => explored !== undefined))(
    "$name is a trace, in which whoever disagrees is seen",
    { timeout: 120_000 },
    async (bug) => {
      const { violations } = await exploreMachines(plantedModel(bug), { untilBroken: true });
      const [broken] = violations;
      expect(broken?.events.length).toBeGreaterThan(0);
      const judged = judgeTrace(mergeTraces([broken?.events ?? []]));
      expect(judged.transactions).toBe(1);
      // Alarms are not in traces, nor is what a client would be told that nobody in the run has asked.
      if (broken?.rule === "agreement") expect(judged.violations.map(({ rule }) => rule)).toContain("agreement");
    },
  );
});
