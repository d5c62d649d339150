/**
 * The crash points of protocols §A.6, with the outcome that the table names, after everything has recovered.
 * test/golden/traces has the run of each. p6 and p7 belong to external resources.
 */
import { expect, test } from "vitest";
import type { Message, NodeId, ProtocolName, TransactionId } from "../../../protocols/index.ts";
import { Judges } from "../../../lab/simulate/judges.ts";
import type { CrashPoint } from "../../../lab/simulate/journal.ts";
import { C } from "../../../lab/simulate/setting.ts";
import { World } from "../../../lab/simulate/world.ts";

interface Row {
  readonly point: string;
  /** Presumed abort where it does not say. */
  readonly protocol?: ProtocolName;
  /** One participant only. */
  readonly alone?: true;
  readonly interactive?: true;
  /** Who dies, and at which of its writes; or when such a message reaches the node. */
  readonly dies: NodeId;
  readonly at:
    | { readonly write: number; readonly when: CrashPoint["when"] }
    | { readonly sent: Message["kind"]; readonly count: number };
  /** Messages that are lost until the node is back. */
  readonly lost?: Message["kind"];
  /** How long the node is away; T_vote is two seconds. */
  readonly awayMs?: number;
  readonly outcome: "commit" | "abort";
}

const rows: readonly Row[] = [
  { point: "c1: while sending PREPARE", dies: C, at: { sent: "prepare", count: 2 }, lost: "prepare", outcome: "abort" },
  { point: "c1: PREPARE has left", dies: C, at: { sent: "prepare", count: 2 }, outcome: "abort" },
  { point: "c2: some YES received", dies: C, at: { sent: "vote", count: 1 }, outcome: "abort" },
  { point: "c2: all YES sent", dies: C, at: { sent: "vote", count: 2 }, outcome: "abort" },
  { point: "c3: commit appended, not durable", dies: C, at: { write: 0, when: "before" }, outcome: "abort" },
  { point: "c3: commit torn", dies: C, at: { write: 0, when: "torn" }, outcome: "abort" },
  { point: "c4: commit durable, nothing sent", dies: C, at: { write: 0, when: "after" }, outcome: "commit" },
  { point: "c5: some COMMIT delivered", dies: C, at: { sent: "ack", count: 1 }, outcome: "commit" },
  { point: "c6: all ACKs, end lost", dies: C, at: { sent: "ack", count: 2 }, outcome: "commit" },
  {
    point: "c7: COMMIT_1P sent, and done",
    alone: true,
    dies: C,
    at: { sent: "one-phase-result", count: 1 },
    outcome: "commit",
  },
  { point: "c7: COMMIT_1P never left", alone: true, dies: C, at: { write: 0, when: "after" }, outcome: "abort" },
  { point: "c7: one-phase not durable", alone: true, dies: C, at: { write: 0, when: "before" }, outcome: "abort" },
  {
    point: "p1: before prepare is durable, the token is void",
    interactive: true,
    dies: "P1",
    at: { write: 0, when: "before" },
    outcome: "abort",
  },
  {
    point: "p1: before prepare is durable, away until T_vote",
    dies: "P1",
    at: { write: 0, when: "before" },
    awayMs: 3_000,
    outcome: "abort",
  },
  {
    point: "p1: before prepare is durable, the work comes again in time",
    dies: "P1",
    at: { write: 0, when: "before" },
    outcome: "commit",
  },
  {
    point: "p2: prepare durable, YES lost, away until T_vote",
    dies: "P1",
    at: { write: 0, when: "after" },
    awayMs: 3_000,
    outcome: "abort",
  },
  {
    point: "p2: prepare durable, YES lost, asked again in time",
    dies: "P1",
    at: { write: 0, when: "after" },
    outcome: "commit",
  },
  { point: "p3: prepared, the decision comes late", dies: "P1", at: { sent: "decision", count: 2 }, outcome: "commit" },
  { point: "p5: commit not durable, so no ACK", dies: "P1", at: { write: 1, when: "before" }, outcome: "commit" },
  { point: "p5: commit durable, ACK lost", dies: "P1", at: { write: 1, when: "after" }, outcome: "commit" },
  {
    point: "p8: between two items of an active branch",
    interactive: true,
    dies: "P1",
    at: { sent: "worked", count: 1 },
    outcome: "abort",
  },
  ...presumed("2pc-presumed-nothing", [
    { point: "c3: commit appended, not durable", dies: C, at: { write: 0, when: "before" }, outcome: "abort" },
    { point: "c4: commit durable, nothing sent", dies: C, at: { write: 0, when: "after" }, outcome: "commit" },
    { point: "c6: all ACKs, end lost", dies: C, at: { sent: "ack", count: 2 }, outcome: "commit" },
  ]),
  ...presumed("2pc-presumed-commit", [
    { point: "c1: collecting not durable", dies: C, at: { write: 0, when: "before" }, outcome: "abort" },
    { point: "c1: collecting durable, nothing sent", dies: C, at: { write: 0, when: "after" }, outcome: "abort" },
    { point: "c2: all YES sent", dies: C, at: { sent: "vote", count: 2 }, outcome: "abort" },
    { point: "c3: commit appended, not durable", dies: C, at: { write: 1, when: "before" }, outcome: "abort" },
    { point: "c4: commit durable, nothing sent", dies: C, at: { write: 1, when: "after" }, outcome: "commit" },
    { point: "c5: COMMIT delivered to one", dies: C, at: { sent: "decision", count: 1 }, outcome: "commit" },
    {
      point: "p2: prepare durable, YES lost, away until T_vote",
      dies: "P1",
      at: { write: 0, when: "after" },
      awayMs: 3_000,
      outcome: "abort",
    },
    {
      point: "p4: the unforced commit is lost in the tail",
      dies: "P1",
      at: { write: 1, when: "before" },
      outcome: "commit",
    },
  ]),
];

/** The others do their work under tokens first. */
function presumed(protocol: ProtocolName, points: readonly Row[]): Row[] {
  return points.map((row) => ({ ...row, point: `${protocol}: ${row.point}`, protocol, interactive: true }));
}

test.each(rows)(
  "$point: $outcome",
  async ({ protocol = "2pc", alone, interactive, dies, at, lost, awayMs = 1_000, outcome }) => {
    const judges = new Judges();
    let seen = 0;
    let crashes = 0;
    const world = new World({ protocol }, [judges, { crashed: () => (crashes += 1) }]);
    judges.watch(world);
    world.startAll();
    await world.run(20);
    const { rule } = world.network;
    world.network.rule = (sending) => (sending.envelope?.body.kind === lost ? [] : rule(sending));
    if ("write" in at) world.host(dies).planned = { when: at.when, tail: "lost", skip: at.write };
    else {
      world.probes.push({
        sent: (_from, _to, { body }) => {
          if (body.kind !== at.sent) return;
          seen += 1;
          // On its way: the node dies before the next event.
          if (seen === at.count) world.timeline.after(0, () => world.host(dies).crash("lost"));
        },
      });
    }
    const id = begin(world, alone, interactive);
    judges.excuse();
    await world.run(awayMs);
    world.network.rule = rule;
    world.host(dies).start();
    await world.run(30_000);

    expect(crashes).toBe(1);
    expect(world.isQuiet).toBe(true);
    const applied = world.participants.map(({ disk }) => disk.image.applied.get(id)?.length ?? 0);
    const all = alone === true ? [1, 0] : [1, 1];
    expect(applied).toEqual(outcome === "commit" ? all : [0, 0]);
    judges.final(world);
    expect(judges.violations).toEqual([]);
  },
);

function begin(world: World, alone = false, interactive = false): TransactionId {
  const id = alone
    ? world.submit({ P1: ["add x 1"] })
    : interactive
      ? world.interact({ P1: ["add x 1", "add z 1"], P2: ["add y 1"] })
      : world.submit({ P1: ["add x 1"], P2: ["add y 1"] });
  if (id === null) throw new Error("refused at the door");
  return id;
}
