/** Acceptors are tried before they are used: what is wrong changes nothing, and a link that is up is not given up for a try. */

import { beforeEach, describe, expect, test } from "vitest";
import { Groups, type AcceptorAddress } from "../../coordinator/groups.ts";
import { Linked } from "../../coordinator/linked.ts";
import { Reconfiguration } from "../../coordinator/reconfiguration.ts";
import { transactionId } from "../../protocols/index.ts";
import type { GroupEntry, PeerRole } from "../../runtime/engine/index.ts";
import { NemconError } from "../../runtime/errors/index.ts";

const at = (node: string, port: number): AcceptorAddress => ({ node, address: `x:${port}` });
const [A1, A2, A3, A4] = [at("A1", 1), at("A2", 2), at("A3", 3), at("A4", 4)];

let groups: Groups;
let dialled: string[];
let linked: Linked;
let roles: Map<string, PeerRole>;
let timers: Set<() => void>;
let refuses: NemconError | null;
let reconfiguration: Reconfiguration;

beforeEach(() => {
  const entries = new Map<number, GroupEntry>();
  groups = new Groups(
    {
      allGroups: () => [...entries.values()].filter(({ acceptors }) => acceptors.length > 0),
      noteGroup: (entry) => void entries.set(entry.version, entry),
    },
    () => 0,
  );
  groups.use([A1, A2, A3], transactionId("C", 1, 1));
  [dialled, roles, timers, refuses] = [[], new Map(), new Set(), null];
  linked = new Linked({
    after: (_delayMs, fire) => {
      timers.add(fire);
      return { cancel: () => timers.delete(fire) };
    },
  });
  reconfiguration = new Reconfiguration({
    coordinator: {
      groups,
      checkReconfigurable: () => {
        if (refuses !== null) throw refuses;
      },
      reconfigure: (acceptors, reason) => groups.use(acceptors, transactionId("C", 1, 10), reason),
    },
    linked,
    links: {
      dial: (address, node) => dialled.push(`dial ${node} at ${address}`),
      hangUp: (address) => dialled.push(`hang up ${address}`),
    },
    roleOf: (node) => roles.get(node),
    waitMs: 5_000,
  });
  reconfiguration.follow();
  for (const { node } of [A1, A2, A3]) up(node);
  linked.changed("A3", false);
  dialled.length = 0;
});

function up(node: string, role: PeerRole = "acceptor"): void {
  roles.set(node, role);
  linked.changed(node, true);
}

/** Lets everything that can go on without an event do so. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function expire(): void {
  for (const fire of timers) fire();
}

const versions = (): number[] => groups.all().map(({ version }) => version);

test("at the start all that is needed is dialled", () => {
  dialled.length = 0;
  new Reconfiguration({
    coordinator: { groups, checkReconfigurable: () => undefined, reconfigure: () => false },
    linked,
    links: { dial: (address, node) => dialled.push(`${node}@${address}`), hangUp: () => undefined },
    roleOf: () => undefined,
    waitMs: 1,
  }).follow();
  expect(dialled).toEqual(["A1@x:1", "A2@x:2", "A3@x:3"]);
});

describe("a successor", () => {
  test("at an address of its own is dialled first, used when it has linked, and the lost one is dialled until its group goes", async () => {
    const done = reconfiguration.to([A1, A2, A4], "A3 is lost");
    await settled();
    expect([dialled, versions()]).toEqual([["dial A4 at x:4"], [1]]);
    up("A4");
    expect(await done).toBe(true);
    expect(groups.entries()[0]).toMatchObject({ version: 2, acceptors: [A1, A2, A4], reason: "A3 is lost" });
    expect(dialled).toEqual(["dial A4 at x:4"]);
    groups.retire(() => true);
    reconfiguration.follow();
    expect(dialled).toEqual(["dial A4 at x:4", "hang up x:3"]);
  });

  test("at the address of the lost one takes its place", async () => {
    const done = reconfiguration.to([A1, A2, at("A4", 3)], "A3 is lost");
    await settled();
    expect(dialled).toEqual(["hang up x:3", "dial A4 at x:3"]);
    up("A4");
    expect(await done).toBe(true);
    expect(dialled).toHaveLength(2);
  });

  test("that does not link changes nothing, and the one before is dialled again", async () => {
    const done = reconfiguration.to([A1, A2, at("A4", 3)], "A3 is lost");
    await settled();
    expire();
    await expect(done).rejects.toMatchObject({ reason: "ACCEPTOR_UNREACHABLE", message: /A4 at x:3/ });
    expect(dialled).toEqual(["hang up x:3", "dial A4 at x:3", "hang up x:3", "dial A3 at x:3"]);
    expect(versions()).toEqual([1]);
  });

  test("that links after it was given up is no longer tried, and may be named once more", async () => {
    const first = reconfiguration.to([A1, A2, A4], "A3 is lost");
    const second = reconfiguration.to([A1, A2, A4], "A3 is lost, again");
    await settled();
    expire();
    await expect(first).rejects.toMatchObject({ reason: "ACCEPTOR_UNREACHABLE" });
    await settled();
    expect(dialled).toEqual(["dial A4 at x:4", "hang up x:4", "dial A4 at x:4"]);
    up("A4");
    expect(await second).toBe(true);
    expect(groups.entries()[0]?.reason).toBe("A3 is lost, again");
  });

  test("is used only with a quorum of the new group, for which it waits", async () => {
    linked.changed("A2", false);
    linked.changed("A1", false);
    const done = reconfiguration.to([A1, A2, A4], "A3 is lost");
    up("A4");
    await settled();
    expect(versions()).toEqual([1]);
    up("A2");
    expect(await done).toBe(true);
    linked.changed("A2", false);
    const missing = reconfiguration.to([A1, A2, at("A5", 5)], "A4 is lost");
    up("A5");
    await settled();
    expire();
    await expect(missing).rejects.toMatchObject({ reason: "ACCEPTOR_UNREACHABLE", message: /1 of these 3.*A1, A2/ });
    expect(versions()).toEqual([2, 1]);
  });

  test("is no name of an older group that is gone: it has to link like a new one", async () => {
    const done = reconfiguration.to([A1, A2, A4], "A3 is lost");
    up("A4");
    expect(await done).toBe(true);
    const back = reconfiguration.to([A1, A2, A3], "a mistake");
    await settled();
    expire();
    await expect(back).rejects.toMatchObject({ reason: "ACCEPTOR_UNREACHABLE", message: /A3 at x:3/ });
  });
});

describe("refused before anything is tried", () => {
  const cases: readonly [string, readonly AcceptorAddress[], RegExp][] = [
    ["another name where one is linked", [at("A9", 1), A2, A4], /A1 serves at x:1 and is linked/],
    ["another address of one that is linked", [at("A1", 9), A2, A4], /A1 is linked, and it is at x:1, not at x:9/],
    ["a name that is no acceptor's", [A1, A2, at("bank-a", 4)], /bank-a is a participant/],
  ];
  test.each(cases)("%s", async (_name, named, why) => {
    roles.set("bank-a", "participant");
    await expect(reconfiguration.to(named, "why")).rejects.toMatchObject({ reason: "INVALID_REQUEST", message: why });
    expect([dialled, versions()]).toEqual([[], [1]]);
  });

  test("a coordinator without acceptors, or one that stops", async () => {
    refuses = new NemconError("SHUTTING_DOWN", "it stops");
    await expect(reconfiguration.to([A1, A2, A4], "why")).rejects.toBe(refuses);
    expect(dialled).toEqual([]);
  });
});

test("who serves there under the name and is something else is found out when it links", async () => {
  const done = reconfiguration.to([A1, A2, A4], "A3 is lost");
  await settled();
  up("A4", "participant");
  await expect(done).rejects.toMatchObject({ reason: "INVALID_REQUEST", message: /A4 is a participant/ });
  expect([dialled.at(-1), versions()]).toEqual(["hang up x:4", [1]]);
});

test("the same acceptors again change nothing, whether all are there or not", async () => {
  expect(await reconfiguration.to([A3, A1, A2], "again")).toBe(false);
  expect([dialled, versions()]).toEqual([[], [1]]);
});
