/**
 * The shortest schedules of protocols §B.7, step by step against the shipped machines and against the variant that each
 * warns of. In all of them the sites agree in the end under 3pc; S1 and S1′ split plain three-phase commit as it is.
 */
import { describe, expect, test } from "vitest";
import type { ProtocolName } from "../../../protocols/index.ts";
import { C } from "../../../lab/simulate/setting.ts";
import {
  type Machines,
  naiveTimeouts,
  noAbdication,
  unforcedPrecommit,
  unforcedPromise,
  unlockedRecovery,
  withoutCoordinator,
} from "../../../lab/bugs/three-phase.ts";
import { Group } from "./group.ts";

type Schedule = (group: Group) => void;

/** Every vote is in: the coordinator is in p, and its PRECOMMITs are under way. */
function precommitted(group: Group): void {
  group.begin();
  group.deliver("prepare");
  group.deliver("vote");
}

/** Nobody hears this node, and it takes everybody for dead. */
function isolated(group: Group, name: string): void {
  for (const other of group.sites.keys()) if (other !== name) group.suspect(name, other);
}

const s0: Schedule = (group) => {
  precommitted(group);
  group.drop("precommit", { to: "P2" });
  group.deliver("precommit");
  group.crash(C);
  group.timeout("P1");
  group.timeout("P2");
};

const s1: Schedule = (group) => {
  precommitted(group);
  group.drop("precommit", { to: "P2" });
  group.deliver("precommit");
  group.timeout(C);
  if (group.flight.some(({ body, to }) => body.kind === "decision" && to === "P1"))
    group.deliver("decision", { to: "P1" });
  isolated(group, "P2");
  group.timeout("P2");
};

const s1Prime: Schedule = (group) => {
  precommitted(group);
  group.drop("precommit", { to: "P2" });
  group.deliver("precommit");
  group.drop("attempt-ack");
  isolated(group, "P1");
  group.timeout("P1");
  isolated(group, "P2");
  group.timeout("P2");
};

const s2: Schedule = (group) => {
  precommitted(group);
  group.deliver("precommit", { to: "P1" });
  group.deliver("attempt-ack");
  group.crash("P2");
  if (group.decided(C) === "") group.timeout(C);
  group.deliver("decision", { to: "P1" });
  group.crash(C);
  group.crash("P1");
  group.flight = [];
  group.recover("P2");
  group.flight = [];
  isolated(group, "P2");
  group.timeout("P2");
};

const s3: Schedule = (group) => {
  precommitted(group);
  group.crash("P1");
  group.crash("P2");
  group.flight = [];
  group.timeout(C);
  group.crash(C);
  group.flight = [];
  group.recover("P1");
  group.recover("P2");
  group.deliver("state-request");
  group.deliver("state-report");
};

const s4: Schedule = (group) => {
  group.begin();
  group.deliver("prepare");
  group.deliver("vote", { from: "P2" });
  group.suspect("P1", "P2");
  group.timeout("P1");
  group.deliver("state-request", { to: C });
  group.deliver("vote", { from: "P1" });
  group.deliver("state-report", { to: "P1" });
  group.crash("P1");
  group.flight = group.flight.filter(({ from }) => from !== "P1");
  if (group.site(C).timers.has("decision")) group.timeout(C);
};

/** A participant decides with the other one; the other one asks a coordinator that came back. */
const lostPrecommit: Schedule = (group) => {
  precommitted(group);
  group.drop("precommit", { to: "P2" });
  group.deliver("precommit");
  group.drop("attempt-ack");
  group.crash(C);
  group.timeout("P1");
  group.deliver("state-request");
  group.deliver("state-report");
  group.deliver("precommit", { to: "P2" });
  group.deliver("attempt-ack");
  group.flight = [];
  group.recover(C);
  group.flight = [];
  group.suspect("P2", C);
  group.suspect("P2", C, false);
  group.deliver("state-request");
  group.deliver("state-report");
};

/** P1 tells P2 that it waits, crashes, and is asked to precommit by the coordinator that P2 has overtaken. */
const lostPromise: Schedule = (group) => {
  precommitted(group);
  group.timeout("P2");
  group.deliver("state-request", { to: "P1" });
  group.deliver("state-report", { to: "P2" });
  group.crash("P1");
  group.recover("P1");
  group.deliver("precommit", { to: "P1" });
  if (group.flight.some(({ body }) => body.kind === "attempt-ack")) group.deliver("attempt-ack", { to: C });
  group.deliver("preabort", { to: "P1" });
  group.deliver("attempt-ack", { to: "P2" });
};

const schedules: readonly (readonly [name: string, schedule: Schedule])[] = [
  ["S0", s0],
  ["S1", s1],
  ["S1′", s1Prime],
  ["S2", s2],
  ["S3", s3],
  ["S4", s4],
];

function run(machines: ProtocolName | Machines, schedule: Schedule): Group {
  const group = new Group(machines, 2);
  schedule(group);
  return group;
}

test.each(schedules)("3pc agrees in %s, and everyone ends once the faults stop", (_name, schedule) => {
  const group = run("3pc", schedule);
  expect(group.isSplit).toBe(false);
  group.heal();
  expect(group.isSplit).toBe(false);
  expect(group.isOver).toBe(true);
  expect(group.alarms).toEqual([]);
});

describe("plain three-phase commit", () => {
  test.each([
    [
      "S1: its own acknowledgement timeout, one lost message and two false suspicions",
      s1,
      { C: "commit", P1: "commit", P2: "abort" },
    ],
    ["S1′: the coordinator never commits on a timeout, a backup does", s1Prime, { C: "", P1: "commit", P2: "abort" }],
  ] as const)("is split by %s", (_name, schedule, outcomes) => {
    const group = run("3pc-plain", schedule);
    expect(group.isSplit).toBe(true);
    expect({ C: group.decided(C), P1: group.decided("P1"), P2: group.decided("P2") }).toEqual(outcomes);
  });

  test.each([
    ["S0: a participant decides alone when its timer fires", s0, naiveTimeouts],
    ["S2: a site that crashed takes part as if it had not", s2, unlockedRecovery],
    ["S3: after a total failure the coordinator is not asked", s3, withoutCoordinator],
    ["S4: the coordinator goes on after it told its state", s4, noAbdication],
  ] as const)("is split in %s, and only then", (_name, schedule, variant) => {
    expect(run(variant, schedule).isSplit).toBe(true);
    const group = run("3pc-plain", schedule);
    expect(group.isSplit).toBe(false);
    group.heal();
    expect(group.isSplit).toBe(false);
    expect(group.isOver).toBe(true);
    expect(group.alarms).toEqual([]);
  });
});

test.each([
  ["the coordinator's precommit is not forced", lostPrecommit, unforcedPrecommit],
  ["the promise of who tells its state is not forced", lostPromise, unforcedPromise],
] as const)("3pc would be split where %s", (_name, schedule, variant) => {
  expect(run(variant, schedule).isSplit).toBe(true);
  const group = run("3pc", schedule);
  expect(group.isSplit).toBe(false);
  group.heal();
  expect(group.isSplit).toBe(false);
  expect(group.isOver).toBe(true);
});
