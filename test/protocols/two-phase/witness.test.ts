/**
 * What a peer may say of a transaction that it does not know (protocols §A.8): schedules that random ones meet
 * too seldom, each with the bug that it is there for.
 */
import { describe, expect, test } from "vitest";
import type { TransactionId } from "../../../protocols/index.ts";
import { Judges } from "../../../lab/simulate/judges.ts";
import { type Wrapped, withMachines } from "../../../lab/bugs/machines.ts";
import { C, type Work } from "../../../lab/simulate/setting.ts";
import { World } from "../../../lab/simulate/world.ts";
import { lose } from "./stories.ts";

interface Ran {
  readonly world: World;
  readonly id: TransactionId;
  readonly broken: readonly string[];
}

async function play(
  wrapped: Wrapped,
  work: Work,
  begin: "submit" | "interact",
  story: (world: World) => Promise<void>,
): Promise<Ran> {
  return withMachines("2pc", wrapped, async () => {
    const judges = new Judges();
    const world = new World({}, [judges]);
    judges.watch(world);
    world.startAll();
    await world.run(20);
    const id = world[begin](work, 20_000);
    if (id === null) throw new Error("refused at the door");
    judges.excuse();
    await story(world);
    for (const host of world.all()) host.start();
    world.healLinks();
    await world.run(30_000);
    judges.final(world);
    return { world, id, broken: [...new Set(judges.violations.map(({ rule }) => rule))] };
  });
}

function applied({ world, id }: Ran): number[] {
  return world.participants.map(({ disk }) => disk.image.applied.get(id)?.length ?? 0);
}

describe("a reader whose unforced row is lost in a crash", () => {
  const work = { P1: ["read x"], P2: ["add y 1"] };
  /** The rack loses its power when the commit is durable; P1 is back first, and P2 asks it. */
  const powerCut = async (world: World): Promise<void> => {
    const heal = lose(world, C, "decision");
    await world.run(32);
    world.participant("P1").crash("lost");
    await world.run(8);
    world.coordinator.crash("lost");
    heal();
    await world.run(200);
    world.participant("P1").start();
    await world.run(5_000);
  };
  const takenForNone: Wrapped = {
    participant: (machine) => ({
      ...machine,
      absent: (env, id, absence, input) =>
        machine.absent(env, id, absence.kind === "fresh" ? { kind: "fresh", sinceStart: true } : absence, input),
    }),
  };

  test("is no witness: the commit stands", async () => {
    const ran = await play({}, work, "interact", powerCut);
    expect(ran.broken).toEqual([]);
    expect(applied(ran)).toEqual([0, 1]);
  });

  test("taken for one that has not voted, it aborts a commit: the judges see it", async () => {
    const { broken } = await play(takenForNone, work, "interact", powerCut);
    expect(broken).toContain("agreement");
  });
});

describe("a peer that has not voted", () => {
  const work = { P1: ["add x 1"], P2: ["add y 1"] };
  /** P1 has voted and lost its coordinator; P2's PREPARE is under way for long. */
  const slowPrepare = async (world: World): Promise<void> => {
    const { rule } = world.network;
    world.network.rule = (sending) =>
      sending.envelope?.body.kind === "prepare" && sending.to === "P2" ? [4_000] : rule(sending);
    await world.run(35);
    world.cut(C, "P1", true);
    await world.run(6_000);
  };
  const votesAllTheSame: Wrapped = {
    participant: (machine) => ({
      ...machine,
      step: (env, state, input) => {
        const step = machine.step(env, state, input);
        return input.kind === "message" && input.body.kind === "decision-request" && step.state === null
          ? { state, sends: step.sends ?? [] }
          : step;
      },
    }),
  };

  test("aborts durably and votes NO: who is in doubt need not wait", async () => {
    const ran = await play({}, work, "interact", slowPrepare);
    expect(ran.broken).toEqual([]);
    expect(applied(ran)).toEqual([0, 0]);
  });

  test("says ABORT and votes YES all the same: the judges see it", async () => {
    const { broken } = await play(votesAllTheSame, work, "interact", slowPrepare);
    expect(broken).toContain("agreement");
    expect(broken).toContain("write-ahead");
  });
});
