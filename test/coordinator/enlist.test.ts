/** A submit under a protocol that takes no work inside its prepare: work first, then the commit, and nobody outside sees a difference. */

import { beforeEach, expect, test } from "vitest";
import type { Answer, MessageKind, TransactionId } from "../../protocols/index.ts";
import { NemconError } from "../../runtime/errors/index.ts";
import { withMachines } from "../../lab/bugs/machines.ts";
import { C, type Work } from "../../lab/simulate/setting.ts";
import { bytes, text } from "../../lab/simulate/work.ts";
import { World } from "../../lab/simulate/world.ts";

/** Two-phase commit without one-shot mode, whatever else is registered. */
const underTokens = { as: { oneShot: false } };
const TIMEOUT_MS = 2_000;
/** So many may wait for a participant, however slow it is. */
const ALWAYS = 8;

let world: World;
let sent: { readonly kind: MessageKind; readonly to: string; readonly timeoutMs: number | undefined }[];

beforeEach(async () => {
  sent = [];
  world = new World({ participants: 3 }, [
    { sent: (_from, to, { body, timeoutMs }) => void sent.push({ kind: body.kind, to, timeoutMs }) },
  ]);
  world.startAll();
  await world.run(50);
});

function submit(
  work: Work,
  id: TransactionId | null = null,
): { readonly id: TransactionId; readonly answers: Answer[] } {
  const answers: Answer[] = [];
  const branches = Object.entries(work).map(([participant, items]) => ({
    participant,
    work: () => bytes(items.join("; ")),
  }));
  const request = { id, protocol: "", timeoutMs: TIMEOUT_MS, patienceMs: TIMEOUT_MS, branches };
  return { id: world.coordinator.coordinator.submit(request, (answer) => answers.push(answer)), answers };
}

function given(): TransactionId {
  const { first, prefix } = world.coordinator.coordinator.openBlock(8);
  return `${prefix}${first.toString(36).padStart(8, "0")}`;
}

function aborted(answers: readonly Answer[]): Answer & { outcome: "aborted" } {
  const [answer] = answers;
  if (answer?.outcome !== "aborted") throw new Error(`told ${JSON.stringify(answers)}`);
  return answer;
}

const countOf = (kind: MessageKind): number => sent.filter((each) => each.kind === kind).length;

test("all branches work at once, then are prepared, and all results come back with the one outcome", () =>
  withMachines("2pc", underTokens, async () => {
    const { id, answers } = submit({ P1: ["add a 5", "read a"], P2: ["add b 1", "read b"], P3: ["add c 1"] });
    expect(sent.map(({ kind, to }) => `${kind} ${to}`)).toEqual(["work P1", "work P2", "work P3"]);
    await world.run(500);
    expect(answers).toHaveLength(1);
    const [answer] = answers;
    if (answer?.outcome !== "committed") throw new Error(`told ${JSON.stringify(answers)}`);
    expect([...answer.results].map(([node, result]) => [node, text(result)])).toEqual([
      ["P1", "a=5"],
      ["P2", "b=1"],
    ]);
    expect(countOf("prepare")).toBe(3);
    for (const { name, disk } of world.participants) expect([name, disk.image.applied.has(id)]).toEqual([name, true]);
    expect(world.isQuiet).toBe(true);
  }));

test("work that fails aborts the whole, with that branch's reason and name, and frees the others", () =>
  withMachines("2pc", underTokens, async () => {
    for (const [work, reason] of [
      ["fail", "STATEMENT_FAILED"],
      ["die", "CONFLICT"],
    ] as const) {
      const { id, answers } = submit({ P1: ["add a 1"], P2: [work], P3: ["add c 1"] });
      await world.run(500);
      expect(aborted(answers)).toMatchObject({ reason, participant: "P2" });
      expect(aborted(answers).detail).not.toBe("");
      const status = world.coordinator.coordinator.status(id);
      await world.run(10);
      expect(await status).toMatchObject({ state: "aborted", reason });
    }
    expect(countOf("prepare")).toBe(0);
    for (const { resource } of world.participants) expect(resource.lockCount).toBe(0);
    expect(world.isQuiet).toBe(true);
  }));

test("a vote against it is told like any other", () =>
  withMachines("2pc", underTokens, async () => {
    const { answers } = submit({ P1: ["add a 1"], P2: ["no"] });
    await world.run(500);
    expect(aborted(answers)).toMatchObject({ reason: "VOTED_NO", participant: "P2" });
  }));

test("the same id again joins while the work is under way, while it commits, and afterwards; the work is done once", () =>
  withMachines("2pc", underTokens, async () => {
    const id = given();
    const first = submit({ P1: ["add a 1"], P2: ["add b 1"] }, id);
    const again = submit({ P1: ["add a 1"], P2: ["add b 1"] }, id);
    const commit: Answer[] = [];
    world.coordinator.coordinator.commit(id, 0, (answer) => commit.push(answer));
    expect(() => world.coordinator.coordinator.submit({ ...nothing, id }, () => undefined)).toThrow(NemconError);
    await world.run(500);
    const late = submit({ P1: ["add a 1"], P2: ["add b 1"] }, id);
    await world.run(500);
    for (const answers of [first.answers, again.answers, commit, late.answers])
      expect(answers.map(({ outcome }) => outcome)).toEqual(["committed"]);
    expect(countOf("work")).toBe(2);
    expect(world.participant("P1").disk.image.values.get("a")).toBe(1);
  }));

const nothing = { protocol: "", timeoutMs: 0, patienceMs: 1_000, branches: [] };

test("one deadline for work and votes: what the work took, the votes no longer have", () =>
  withMachines("2pc", underTokens, async () => {
    world.network.rule = ({ envelope }) => [envelope?.body.kind === "worked" ? 700 : 5];
    const { answers } = submit({ P1: ["add a 1"], P2: ["add b 1"] });
    expect(sent.map(({ timeoutMs }) => timeoutMs)).toEqual([TIMEOUT_MS, TIMEOUT_MS]);
    await world.run(5_000);
    expect(answers.map(({ outcome }) => outcome)).toEqual(["committed"]);
    for (const { kind, timeoutMs } of sent) if (kind === "prepare") expect(timeoutMs).toBe(TIMEOUT_MS - 705);
  }));

test("a participant that is silent, or not there, ends it in time, by that name", () =>
  withMachines("2pc", underTokens, async () => {
    world.network.rule = ({ to }) => (to === "P2" ? [] : [5]);
    const silent = submit({ P1: ["add a 1"], P2: ["add b 1"] });
    await world.run(TIMEOUT_MS + 50);
    expect(aborted(silent.answers)).toMatchObject({ reason: "TIMEOUT" });
    world.cut(C, "P3", true);
    const gone = submit({ P1: ["add a 1"], P3: ["add b 1"] });
    await world.run(TIMEOUT_MS + 50);
    expect(aborted(gone.answers)).toMatchObject({ reason: "PARTICIPANT_UNREACHABLE", detail: "no link to P3" });
  }));

test("cancelled in the middle of its work it aborts, for whoever waits", () =>
  withMachines("2pc", underTokens, async () => {
    const { id, answers } = submit({ P1: ["add a 1"], P2: ["add b 1"] });
    const told: Answer[] = [];
    world.coordinator.coordinator.abort(id, (answer) => told.push(answer));
    await world.run(500);
    expect(aborted(answers).reason).toBe("CANCELLED");
    expect(aborted(told).reason).toBe("CANCELLED");
    for (const { resource } of world.participants) expect(resource.lockCount).toBe(0);
  }));

test("a participant that restarts between its work and its prepare votes no: its work is lost", () =>
  withMachines("2pc", underTokens, async () => {
    world.network.rule = ({ envelope, from }) => [envelope?.body.kind === "worked" && from === "P1" ? 200 : 5];
    const { answers } = submit({ P1: ["add a 1"], P2: ["add b 1"] });
    await world.run(100);
    world.participant("P2").crash("kept");
    world.participant("P2").start();
    await world.run(3_000);
    expect(aborted(answers)).toMatchObject({ reason: "BRANCH_LOST", participant: "P2" });
    expect(world.isQuiet).toBe(true);
  }));

test("nobody else works in it, and it counts once at the door", () =>
  withMachines("2pc", underTokens, async () => {
    const { coordinator } = world.coordinator;
    world.network.rule = ({ to }) => (to === "P2" ? [] : [5]);
    const { id } = submit({ P2: ["add a 1"] });
    await expect(coordinator.execute(id, "P2", bytes("add z 1"), 0)).rejects.toThrow(/submitted whole/);
    // Of what may be open half may be interactive: it is not counted among those.
    for (let count = 0; count < 499; count += 1) coordinator.begin("");
    for (let count = 1; count < ALWAYS; count += 1) submit({ P2: ["add a 1"] });
    coordinator.begin("");
    await world.run(TIMEOUT_MS + 500);
    // All that waited is over, and so are its places: as many are taken again.
    for (let count = 0; count < ALWAYS; count += 1) submit({ P2: ["add a 1"] });
    expect(() => submit({ P2: ["add a 1"] })).toThrow(/Refused at the door/);
  }));
