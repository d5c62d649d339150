/** What a person is told that keeps a group of acceptors. */

import { expect, test } from "vitest";
import { keptGroups } from "../../coordinator/keeping.ts";
import { transactionId } from "../../protocols/index.ts";
import type { GroupEntry } from "../../runtime/engine/index.ts";

const id = (sequence: number, incarnation = 1): string => transactionId("C", incarnation, sequence);
const group = (version: number, from: string): GroupEntry => ({
  kind: "group",
  version,
  from,
  acceptors: [],
  reason: "",
  atMs: 0,
});

test("open transactions, ids that clients hold, and what a crash left unknown, each with the group that it has", () => {
  const shown = keptGroups([group(3, id(1, 2)), group(2, id(100)), group(1, id(1))], {
    // One whose closing is not in the journal yet is named twice.
    open: [id(5), id(5), id(100), id(7, 2)],
    held: [
      { first: id(10), last: id(19) },
      { first: id(90), last: id(99) },
    ],
    unknown: [{ first: id(150), last: id(999) }],
  });
  expect(shown.map(({ version, open, held, unknown }) => [version, open, held, unknown])).toEqual([
    [3, 1, 0, false],
    [2, 1, 0, true],
    [1, 1, 20, false],
  ]);
});
