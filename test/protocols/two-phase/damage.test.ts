/** A branch that can't follow a commit, since someone outside wrote to its rows (protocols §A.10): recorded, told, never hidden. */
import { expect, test } from "vitest";
import type { Answer } from "../../../protocols/index.ts";
import { World } from "../../../lab/simulate/world.ts";

test("a damaged branch is told as heuristic, stays listed through restarts, and raises its alarm each time", async () => {
  const alarms: string[] = [];
  const answers: Answer[] = [];
  const world = new World({}, [
    { alarm: (node, _id, alarm) => alarms.push(`${node} ${alarm}`), answered: (_id, answer) => answers.push(answer) },
  ]);
  world.startAll();
  await world.run(20);
  const id = world.submit({ P1: ["add x 1"], P2: ["add y 1"] });
  if (id === null) throw new Error("refused at the door");
  world.participant("P1").resource.damaged.add(id);
  await world.run(5_000);

  expect(alarms).toEqual(["P1 outside-write", "C heuristic"]);
  expect(world.coordinator.engine.liveCount).toBe(0);
  expect(world.participant("P2").disk.image.applied.has(id)).toBe(true);
  expect(world.participant("P1").disk.image.applied.has(id)).toBe(false);

  for (const node of ["P1", "C"]) {
    world.host(node).crash("lost");
    world.host(node).start();
    await world.run(5_000);
  }
  expect(world.participant("P1").participant.branches()).toMatchObject([{ transaction: id, state: "heuristic" }]);
  expect(alarms).toEqual(["P1 outside-write", "C heuristic", "P1 outside-write"]);
  world.ask(id);
  await world.run(100);
  expect(answers).toMatchObject([
    { outcome: "committed", heuristic: false },
    { outcome: "committed", heuristic: true },
  ]);
});

test("in one phase nothing was promised: the branch aborts, and the client is told so", async () => {
  const answers: Answer[] = [];
  const world = new World({}, [{ answered: (_id, answer) => answers.push(answer) }]);
  world.startAll();
  await world.run(20);
  const id = world.submit({ P1: ["add x 1"] });
  if (id === null) throw new Error("refused at the door");
  world.participant("P1").resource.damaged.add(id);
  await world.run(5_000);
  expect(answers).toMatchObject([{ outcome: "aborted", reason: "CONFLICT" }]);
  expect(world.isQuiet).toBe(true);
  expect(world.participant("P1").resource.lockCount).toBe(0);
});
