/** What a person reads of a coordinator's acceptors, before and after they are replaced. */

import { expect, test } from "vitest";
import { acceptorsJson, acceptorsText, reconfigureText } from "../../cli/operator/acceptors.ts";
import { readGroup } from "../../runtime/index.ts";

const acceptor = (number: number, linked = true) => ({
  node: `acceptor-${number}`,
  address: `127.0.0.1:${7_450 + number}`,
  linked,
});
const SINCE = Date.UTC(2026, 10, 30);
const group = {
  version: 2,
  from: "c.0001.0000000a",
  acceptors: [acceptor(1), acceptor(2), acceptor(3, false)],
  reason: 'a "disk"\nis lost',
  atMs: String(SINCE),
  open: 0,
  held: 0,
  unknown: false,
};
const older = { ...group, version: 1, reason: "", open: 3, held: 16, unknown: true };
const answer = { node: "c", groups: [group, older] };

test("one line a group, whatever the operator wrote", () => {
  const [title, head, ...lines] = acceptorsText(answer).split("\n");
  expect([title, head?.trimEnd()]).toEqual(["At c:", expect.stringMatching(/^VERSION +NEEDED FOR .*ACCEPTORS$/)]);
  expect(lines.map((line) => line.replaceAll(/ {2,}/g, " | "))).toEqual([
    String.raw`2 | new transactions | 2026-11-30T00:00:00.000Z | an operator: "a \"disk\"\nis lost" | acceptor-1@127.0.0.1:7451, acceptor-2@127.0.0.1:7452, acceptor-3@127.0.0.1:7453 (no link)`,
    "1 | 3 open, 16 ids that clients hold, what a crash left unknown | 2026-11-30T00:00:00.000Z | the configuration | acceptor-1@127.0.0.1:7451, acceptor-2@127.0.0.1:7452, acceptor-3@127.0.0.1:7453 (no link)",
  ]);
  expect(acceptorsText({ node: "c", groups: [{ ...older, open: 0, held: 0, unknown: false }] })).toContain(
    "new transactions",
  );
  expect(acceptorsText({ node: "c", groups: [] })).toBe("c has no acceptors.");
});

test("as JSON the first one is the current one, and times are numbers", () => {
  expect(acceptorsJson(answer)["groups"]).toMatchObject([
    { version: 2, current: true, atMs: SINCE },
    { version: 1, current: false, open: 3, held: 16, unknown: true },
  ]);
});

test("what it changes is said before it is done", () => {
  const named = readGroup(["acceptor-1@127.0.0.1:7451", "acceptor-2@127.0.0.1:7452", "acceptor-4@127.0.0.1:7453"]);
  const text = reconfigureText(answer, named);
  expect(text).toContain(
    "from now on by acceptor-1@127.0.0.1:7451, acceptor-2@127.0.0.1:7452, acceptor-4@127.0.0.1:7453.",
  );
  expect(text).toContain("New: acceptor-4.");
  expect(text).toContain("No longer used: acceptor-3@127.0.0.1:7453 (no link).");
  expect(text).toContain("What is under way (3 now) finishes");
  expect(reconfigureText({ node: "c", groups: [] }, named)).toBeNull();
});

test.each([
  ["none", []],
  ["an even number", ["a@x:1", "b@x:2"]],
  ["more than five", ["a@x:1", "b@x:2", "c@x:3", "d@x:4", "e@x:5", "f@x:6", "g@x:7"]],
  ["a name twice", ["a@x:1", "a@x:2", "b@x:3"]],
  ["an address twice", ["a@x:1", "b@x:1", "c@x:3"]],
  ["no name", ["x:1"]],
  ["any port", ["a@x:0"]],
])("no group: %s", (_what, list) => {
  expect(() => readGroup(list)).toThrow(expect.objectContaining({ reason: "INVALID_REQUEST" }) as Error);
});
