/** Records, forced writes and messages of each presumption, counted over the real engine: the table of protocols §A.2. */
import { expect, test } from "vitest";
import type { NodeId, ProtocolName } from "../../../protocols/index.ts";
import type { Probe } from "../../../lab/simulate/probe.ts";
import { C, type Work } from "../../../lab/simulate/setting.ts";
import { World } from "../../../lab/simulate/world.ts";

/** What one run cost, told as the paper does: records/forced, then messages to each other side. */
class Costs {
  private readonly records = new Map<NodeId, { written: number; forced: number }>();
  private readonly messages = new Map<string, number>();

  readonly stepped: NonNullable<Probe["stepped"]> = (node, _id, { records = [], closed }) => {
    const known = this.records.get(node) ?? { written: 0, forced: 0 };
    const forces = [...records.map(({ force }) => force), ...(closed === undefined ? [] : [closed.force])];
    known.written += forces.length;
    known.forced += forces.filter(Boolean).length;
    this.records.set(node, known);
  };

  readonly sent: NonNullable<Probe["sent"]> = (from, to, { body }) => {
    if (body.kind === "work" || body.kind === "worked") return;
    const link = `${from} ${to}`;
    this.messages.set(link, (this.messages.get(link) ?? 0) + 1);
  };

  of(node: NodeId): string {
    const { written, forced } = this.records.get(node) ?? { written: 0, forced: 0 };
    return `${written}/${forced}`;
  }

  between(from: NodeId, to: NodeId): number {
    return this.messages.get(`${from} ${to}`) ?? 0;
  }
}

interface Row {
  readonly name: string;
  readonly work: Work;
  readonly timeoutMs?: number;
  /** At P1, which is the one of interest where the two differ. */
  readonly expected: readonly [coordinator: string, toEach: number, participant: string, fromEach: number];
}

/**
 * As in §A.2, but for what is kept beyond the protocol: an outcome row of an abort (unforced), the forced
 * outcome row of an all-read-only commit (client truth, §D.3), and a read-only voter's row (unforced), which
 * answers late copies in one-shot mode (§0.3).
 */
const rows: readonly Row[] = [
  { name: "commit", work: { P1: ["add x 1"], P2: ["add y 1"] }, expected: ["2/1", 2, "2/2", 2] },
  {
    name: "commit of three",
    work: { P1: ["add x 1"], P2: ["add y 1"], P3: ["add z 1"] },
    expected: ["2/1", 2, "2/2", 2],
  },
  {
    name: "abort, P1 had voted YES",
    work: { P1: ["add x 1"], P2: ["add y 1", "no"] },
    expected: ["1/0", 2, "2/1", 1],
  },
  // Its work comes with the request: what was read stays locked, and the branch takes part to the end.
  { name: "commit, P1 only reads", work: { P1: ["read x"], P2: ["add y 1"] }, expected: ["2/1", 2, "2/2", 2] },
  { name: "all read-only", work: { P1: ["read x"], P2: ["read y"] }, expected: ["2/1", 2, "2/2", 2] },
  { name: "one phase", work: { P1: ["add x 1"] }, expected: ["2/1", 1, "1/1", 1] },
];

/** The work is done under tokens first, which is not counted. */
const byPresumption: readonly (Row & { readonly protocol: ProtocolName })[] = [
  { ...row("commit"), protocol: "2pc", expected: ["2/1", 2, "2/2", 2] },
  { ...row("commit, P1 only reads"), protocol: "2pc", expected: ["2/1", 1, "1/0", 1] },
  { ...row("all read-only"), protocol: "2pc", expected: ["1/1", 1, "1/0", 1] },
  { ...row("commit"), protocol: "2pc-presumed-nothing", expected: ["2/1", 2, "2/2", 2] },
  { ...row("abort, P1 had voted YES"), protocol: "2pc-presumed-nothing", expected: ["2/1", 2, "2/2", 2] },
  { ...row("all read-only"), protocol: "2pc-presumed-nothing", expected: ["1/1", 1, "1/0", 1] },
  { ...row("commit"), protocol: "2pc-presumed-commit", expected: ["2/2", 2, "2/1", 1] },
  { ...row("abort, P1 had voted YES"), protocol: "2pc-presumed-commit", expected: ["2/1", 2, "2/2", 2] },
  { ...row("all read-only"), protocol: "2pc-presumed-commit", expected: ["2/2", 1, "1/0", 1] },
  { ...row("one phase"), protocol: "2pc-presumed-commit", expected: ["2/1", 1, "1/1", 1] },
];

function row(name: string): Row {
  const found = rows.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no row ${name}`);
  return found;
}

test.each(byPresumption)("$protocol: $name", async ({ protocol, work, expected }) => {
  const costs = new Costs();
  const world = new World({ participants: 3, protocol }, [costs]);
  world.startAll();
  await world.run(20);
  world.interact(work);
  await world.run(10_000);
  expect([costs.of(C), costs.between(C, "P1"), costs.of("P1"), costs.between("P1", C)]).toEqual(expected);
});

test.each(rows)("$name", async ({ work, expected }) => {
  const costs = new Costs();
  const world = new World({ participants: 3 }, [costs]);
  world.startAll();
  await world.run(20);
  world.submit(work);
  await world.run(10_000);
  expect([costs.of(C), costs.between(C, "P1"), costs.of("P1"), costs.between("P1", C)]).toEqual(expected);
});

test("five messages and three forced writes until the coordinator has told a commit of two, and two acknowledgements more", async () => {
  const kinds: string[] = [];
  let forcedBefore = 0;
  const world = new World({}, [
    {
      sent: (_from, _to, { body }) => kinds.push(body.kind),
      stepped: (_node, _id, { records = [] }) => {
        forcedBefore += records.filter(({ force }) => force).length;
      },
    },
  ]);
  world.startAll();
  await world.run(20);
  world.submit({ P1: ["add x 1"], P2: ["add y 1"] });
  await world.run(10_000);
  // Coordinator-driven: one PREPARE more than §I, whose initiator prepares without being asked.
  expect(kinds).toEqual(["prepare", "prepare", "vote", "vote", "decision", "decision", "ack", "ack"]);
  expect(forcedBefore).toBe(3);
});
