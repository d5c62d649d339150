/** An acceptor that is lost for good, and its successor, in simulated runs (protocols §E.4, §E.6). */
import { expect, test } from "vitest";
import { runSchedule } from "../../../lab/simulate/run.ts";
import type { Probe } from "../../../lab/simulate/probe.ts";
import { drawSchedule } from "../../../lab/simulate/schedule.ts";

/** Which versions of a group are voted in after the first acceptor is lost, and by whom. */
class Votes implements Probe {
  readonly after = new Set<number>();
  readonly by = new Map<string, Set<number>>();
  private isLost = false;

  note(text: string): void {
    if (text.includes("lost for good")) this.isLost = true;
  }

  wrote(node: string, { entries }: Parameters<NonNullable<Probe["wrote"]>>[1]): void {
    for (const entry of entries) {
      if (entry.kind !== "record" || entry.record.kind !== "accept" || entry.record.membership === null) continue;
      const { version } = entry.record.membership.group;
      this.by.set(node, (this.by.get(node) ?? new Set()).add(version));
      if (this.isLost) this.after.add(version);
    }
  }
}

test("what was begun before finishes with the group that it had, what comes after has the successors, and every rule holds", async () => {
  const after = new Set<number>();
  const successors = new Set<number>();
  let replaced = 0;
  for (let seed = 1; seed <= 400; seed += 1) {
    const schedule = drawSchedule("mixed", seed);
    const lost = schedule.faults.filter((fault) => fault.kind === "lost for good");
    if (lost.length === 0) continue;
    const votes = new Votes();
    const { violations } = await runSchedule(schedule, { probes: [votes] });
    expect(violations, `seed ${seed}`).toEqual([]);
    replaced += 1;
    for (const version of votes.after) after.add(version);
    for (const { by } of lost) for (const version of votes.by.get(by) ?? []) successors.add(version);
  }
  expect(replaced).toBeGreaterThan(40);
  expect(after).toEqual(new Set([1, 2, 3]));
  expect(successors).toEqual(new Set([2, 3]));
});

test("a quorum of each group is left: nothing else could end what it decides", () => {
  const drawn = Array.from({ length: 400 }, (_, at) => drawSchedule("mixed", at + 1));
  const sizes = (isLost: boolean) =>
    drawn
      .filter(({ faults }) => faults.some(({ kind }) => kind === "lost for good") === isLost)
      .map(({ setup }) => setup.acceptors);
  expect(Math.min(...sizes(true))).toBe(3);
  const most = drawn.map(({ faults }) => faults.filter(({ kind }) => kind === "lost for good").length);
  expect(drawn.every(({ setup }, at) => (most[at] ?? 0) <= setup.acceptors / 2)).toBe(true);
  expect(Math.max(...most)).toBe(2);
  expect(Math.min(...sizes(false))).toBe(1);
});
