/** Random walks find every variant that is known to be wrong, with the faults that the shipped machines bear. */
import { expect, test } from "vitest";
import { bugs } from "./bugs.ts";
import { walk } from "./explore.ts";

const WALKS = 60_000;

test.each(bugs)(
  "$name",
  ({ machines, network }) => {
    let found: string | null = null;
    for (let seed = 1; seed <= WALKS && found === null; seed += 1) {
      const { fault } = walk(machines, seed, { network, crashes: 4 });
      if (fault?.startsWith("split") === true) found = fault;
    }
    expect(found).not.toBeNull();
  },
  120_000,
);
