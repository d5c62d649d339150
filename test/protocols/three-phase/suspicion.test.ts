/**
 * What the random schedules leave out for plain three-phase commit is what breaks it (§B.6): a node that is cut off is
 * taken for dead. Nothing crashes and nothing is slow here; one participant loses its links at a random moment.
 */
import { expect, test } from "vitest";
import type { ProtocolName } from "../../../protocols/index.ts";
import { Judges, type RuleName } from "../../../lab/simulate/judges.ts";
import { Seeded } from "../../../lab/simulate/random.ts";
import { World } from "../../../lab/simulate/world.ts";

const SEEDS = 300;

/** What the judges say of a run in which a random participant is alone for ten seconds. */
async function cutOff(protocol: ProtocolName, seed: number): Promise<ReadonlySet<RuleName>> {
  const random = new Seeded(seed);
  const judges = new Judges();
  const world = new World({ protocol, participants: random.between(1, 3), random }, [judges]);
  judges.watch(world);
  world.network.rule = () => [random.between(1, 10)];
  world.startAll();
  await world.run(20);
  world.interact(Object.fromEntries(world.participants.map(({ name }) => [name, ["add x 1"]])));
  judges.excuse();
  await world.run(random.between(1, 120));
  const { name } = random.pick(world.participants);
  for (const other of world.all()) if (other.name !== name) world.cut(name, other.name, true);
  await world.run(10_000);
  world.healLinks();
  await world.run(30_000, () => world.isQuiet);
  judges.final(world);
  return new Set(judges.violations.map(({ rule }) => rule));
}

test("random cuts split 3pc-plain", async () => {
  const rules = new Set<RuleName>();
  for (let seed = 1; seed <= SEEDS; seed += 1) for (const rule of await cutOff("3pc-plain", seed)) rules.add(rule);
  expect([...rules]).toContain("agreement");
}, 60_000);

test("3pc bears the same cuts, and everything ends", async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) expect([...(await cutOff("3pc", seed))], `seed ${seed}`).toEqual([]);
}, 60_000);
