/** An acceptor that is lost for good, and its successor, in simulated runs (protocols §E.4, §E.6). */
import { expect, test } from "vitest";
import { runSchedule } from "../../../lab/simulate/run.ts";
import type { Probe } from "../../../lab/simulate/probe.ts";
import { drawSchedule } from "../../../lab/simulate/schedule.ts";

/** Which versions of a group are voted in, before an acceptor is lost and after that. */
class Votes implements Probe {
  readonly after = new Set<number>();
  readonly by = new Map<string, Set<number>>();
  private isLost = false;
  private readonly node: string;

  constructor(node: string) {
    this.node = node;
  }

  crashed(node: string): void {
    if (node === this.node) this.isLost = true;
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

test("what was begun before finishes with the group that it had, what comes after has the successor, and every rule holds", async () => {
  let replaced = 0;
  const after = new Set<number>();
  const successor = new Set<number>();
  for (let seed = 1; seed <= 400; seed += 1) {
    const schedule = drawSchedule("mixed", seed);
    const lost = schedule.faults.find(({ kind }) => kind === "lost for good");
    if (lost?.kind !== "lost for good") continue;
    const votes = new Votes(lost.node);
    const { violations } = await runSchedule(schedule, { probes: [votes] });
    expect(violations, `seed ${seed}`).toEqual([]);
    replaced += 1;
    for (const version of votes.after) after.add(version);
    for (const version of votes.by.get(lost.by) ?? []) successor.add(version);
    expect([...(votes.by.get(lost.node) ?? [])].filter((version) => version > 1)).toEqual([]);
  }
  expect(replaced).toBeGreaterThan(40);
  expect(after).toEqual(new Set([1, 2]));
  expect(successor).toEqual(new Set([2]));
});

test("one of a group of one is never lost: nothing could end what it decides", () => {
  const drawn = Array.from({ length: 400 }, (_, at) => drawSchedule("mixed", at + 1));
  const sizes = (isLost: boolean) =>
    drawn
      .filter(({ faults }) => faults.some(({ kind }) => kind === "lost for good") === isLost)
      .map(({ setup }) => setup.acceptors);
  expect(Math.min(...sizes(true))).toBe(3);
  expect(Math.min(...sizes(false))).toBe(1);
});
