/**
 * One crash at every point that there is: before, in and after each write of each node, with the unforced tail
 * kept and lost, and at each millisecond of the run. Whatever the protocol, the rules hold and everything ends.
 */
import { describe, expect, test } from "vitest";
import type { ProtocolName } from "../../protocols/index.ts";
import type { Tail } from "../../lab/simulate/disk.ts";
import { Judges } from "../../lab/simulate/judges.ts";
import type { CrashPoint } from "../../lab/simulate/journal.ts";
import { C } from "../../lab/simulate/setting.ts";
import { World } from "../../lab/simulate/world.ts";
import { type Capabilities, capabilitiesOf, names } from "../../lab/simulate/capabilities.ts";

type Begin = (world: World) => void;

const cases: readonly {
  readonly name: string;
  readonly needs: readonly (keyof Capabilities)[];
  readonly begin: Begin;
}[] = [
  {
    name: "work item by item, two branches",
    needs: [],
    begin: (world) => void world.interact({ P1: ["add x 1", "add z 1"], P2: ["add y 1"] }),
  },
  {
    name: "one branch begins the commit with its last item",
    needs: ["unsolicitedVotes"],
    begin: (world) => void world.interact({ P1: ["add x 1", "add z 1"], P2: ["add y 1"] }, 0, "P1"),
  },
  {
    name: "work at once, two branches",
    needs: ["oneShot"],
    begin: (world) => void world.submit({ P1: ["add x 1"], P2: ["add y 1"] }),
  },
  {
    name: "one branch refuses",
    needs: ["oneShot"],
    begin: (world) => void world.submit({ P1: ["add x 1"], P2: ["add y 1", "no"] }),
  },
  {
    name: "one branch only reads",
    needs: ["oneShot", "readOnlyVotes"],
    begin: (world) => void world.submit({ P1: ["read x"], P2: ["add y 1"] }),
  },
  {
    name: "all branches only read",
    needs: ["oneShot", "readOnlyVotes"],
    begin: (world) => void world.submit({ P1: ["read x"], P2: ["read y"] }),
  },
  {
    name: "one branch, work at once",
    needs: ["oneShot", "onePhase"],
    begin: (world) => void world.submit({ P1: ["add x 1"] }),
  },
  {
    name: "one branch, item by item",
    needs: ["onePhase"],
    begin: (world) => void world.interact({ P1: ["add x 1", "add y 1"] }),
  },
];

const nodes = [C, "P1", "P2"];
/** The first two of three get the votes. */
const acceptors = ["A1", "A2"];
const tails: readonly Tail[] = ["kept", "lost"];
const BACK_MS = 700;
const LONG_MS = 30_000;
/** No case has more writes at one node, and none takes longer. */
const WRITES = 6;
const LAST_MS = 60;

interface Outcome {
  readonly faults: readonly string[];
  /** Whether the planned crash happened. */
  readonly crashed: boolean;
}

async function outcome(protocol: ProtocolName, begin: Begin, crash: (world: World) => Promise<void>): Promise<Outcome> {
  let crashed = false;
  const judges = new Judges();
  const more = capabilitiesOf(protocol).acceptors ? { acceptors: 3, coordinators: 2 } : {};
  const world = new World({ protocol, ...more }, [judges, { crashed: () => (crashed = true) }]);
  judges.watch(world);
  world.startAll();
  await world.run(20);
  begin(world);
  judges.excuse();
  await crash(world);
  await world.run(BACK_MS);
  for (const host of world.all()) {
    host.planned = null;
    host.start();
  }
  await world.run(LONG_MS, () => world.isQuiet && world.timeline.nowMs > 10_000);
  judges.final(world);
  return { faults: judges.violations.map(({ rule, what }) => `${rule}: ${what}`), crashed };
}

describe.each(names)("%s", (protocol) => {
  const can = capabilitiesOf(protocol);
  const mortal = can.acceptors ? [...nodes, ...acceptors] : nodes;
  const possible = cases.filter(({ needs }) => needs.every((need) => can[need]));

  test.each(possible)("$name: a crash at every write", async ({ begin }) => {
    let crashes = 0;
    for (const node of mortal)
      for (let skip = 0; skip < WRITES; skip += 1)
        for (const when of ["before", "torn", "after"] satisfies CrashPoint["when"][])
          for (const tail of tails) {
            const { faults, crashed } = await outcome(protocol, begin, (world) => {
              world.host(node).planned = { when, tail, skip };
              return Promise.resolve();
            });
            if (crashed) crashes += 1;
            expect(faults, `${node} dies ${when} write ${skip + 1}, tail ${tail}`).toEqual([]);
          }
    expect(crashes).toBeGreaterThan(0);
  });

  test.each(possible)("$name: a crash at every moment", async ({ begin }) => {
    for (const node of mortal)
      for (let afterMs = 0; afterMs <= LAST_MS; afterMs += 1)
        for (const tail of tails) {
          const { faults } = await outcome(protocol, begin, async (world) => {
            await world.run(afterMs);
            world.host(node).crash(tail);
          });
          expect(faults, `${node} dies after ${afterMs} ms, tail ${tail}`).toEqual([]);
        }
  });
});
