/** A journal that was put back to an older copy is known by its starts, also when it has caught up in length since. */
import { expect, test } from "vitest";
import { wasRestored, type Start } from "../../runtime/engine/index.ts";

const starts = (...sequences: readonly number[]): Start[] =>
  sequences.map((sequence, at) => ({ incarnation: at + 1, sequence }));

test.each<[name: string, self: Start[], sequence: number, seen: [incarnation: number, sequence: number], is: boolean]>([
  ["it went on where it was seen", starts(0, 5), 7, [1, 5], false],
  ["it had written more than was seen", starts(0, 9), 9, [1, 5], false],
  ["it ends before what was seen in this life", starts(0), 4, [1, 5], true],
  ["a peer saw a later life", starts(0, 5), 7, [3, 2], true],
  ["it began before what was seen", starts(0, 4), 4, [1, 5], true],
  ["it began before that, and has caught up", starts(0, 4), 9, [1, 5], true],
  ["it began before that, caught up, and was restarted", starts(0, 4, 9), 12, [1, 5], true],
  ["it was seen after a restart", starts(0, 4, 9), 12, [2, 8], false],
  ["the begin that would tell is no longer kept", starts(0, 4, 9).slice(2), 12, [1, 5], false],
])("%s", (_name, own, sequence, [incarnation, at], is) => {
  const self = { log: "log", incarnation: own.at(-1)?.incarnation ?? 0, sequence, starts: own };
  expect(wasRestored(self, { log: "log", incarnation, sequence: at })).toBe(is);
  expect(wasRestored(self, { log: "another log", incarnation, sequence: at })).toBe(false);
});
