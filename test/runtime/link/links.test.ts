/** Links between nodes in one process: the handshake, frames both ways, calls, sessions that come and go. */

import { afterEach, describe, expect, test, vi } from "vitest";
import type { Envelope } from "../../../runtime/engine/index.ts";
import { NemconError } from "../../../runtime/errors/index.ts";
import { TestNode, type NodeOptions } from "./node.ts";

const nodes: TestNode[] = [];
const fast = { backoff: { firstMs: 1, capMs: 20 } };

function coordinator(name = "c1", options: NodeOptions = {}): TestNode {
  const node = new TestNode(name, "coordinator", { ...options, tuning: { ...fast, ...options.tuning } });
  nodes.push(node);
  return node;
}

function participant(name = "p1", options: NodeOptions = {}): TestNode {
  const node = new TestNode(name, "participant", { ...options, tuning: { ...fast, ...options.tuning } });
  nodes.push(node);
  return node;
}

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

const inquire: Envelope = { transaction: "c1.0001.00000001", protocol: "2pc", body: { kind: "inquire" } };
const decision: Envelope = {
  transaction: "c1.0001.00000001",
  protocol: "2pc",
  body: { kind: "decision", decision: "commit" },
};

async function linked(c = coordinator(), p = participant()): Promise<{ c: TestNode; p: TestNode; address: string }> {
  const address = await c.listen();
  p.links.dial(address);
  await Promise.all([c.next("up"), p.next("up")]);
  return { c, p, address };
}

test("envelopes go both ways, one callback a frame", async () => {
  const { c, p } = await linked();
  p.links.send("c1", [inquire, inquire]);
  expect(await c.next("envelopes")).toEqual({ kind: "envelopes", from: "p1", envelopes: [inquire, inquire] });
  c.links.send("p1", [decision]);
  expect(await p.next("envelopes")).toEqual({ kind: "envelopes", from: "c1", envelopes: [decision] });
});

test("both sides know each other by name, role and address", async () => {
  const c = coordinator("c1", { address: "127.0.0.1:9" });
  const { p } = await linked(c);
  expect(p.links.peers()).toMatchObject([{ node: "c1", role: "coordinator", up: true, address: "127.0.0.1:9" }]);
  expect(c.links.peers()).toMatchObject([{ node: "p1", role: "participant", up: true, shed: 0 }]);
});

test("a large frame arrives whole", async () => {
  const { c, p } = await linked();
  const result = Buffer.alloc(9 * 1024 * 1024, 7);
  p.links.send("c1", [{ ...inquire, body: { kind: "vote", vote: "yes", result } }]);
  const [envelope] = (await c.next("envelopes")).envelopes;
  if (envelope?.body.kind !== "vote" || envelope.body.vote === "no") throw new Error("no vote");
  expect(result.equals(envelope.body.result)).toBe(true);
});

test("a turn larger than a frame may be arrives in several", async () => {
  const { c, p } = await linked();
  const result = Buffer.alloc(3 * 1024 * 1024, 7);
  const vote: Envelope = { ...inquire, body: { kind: "vote", vote: "yes", result } };
  p.links.send(
    "c1",
    Array.from({ length: 8 }, () => vote),
  );
  let count = 0;
  while (count < 8) count += (await c.next("envelopes")).envelopes.length;
  expect(count).toBe(8);
});

test("what is sent to a peer that is down is lost, and nothing throws", () => {
  const c = coordinator();
  c.links.send("p1", [decision]);
  expect(c.links.sendSide("p1", { kind: "watermark", below: "c1.0001.00000001", except: [] })).toBe(false);
});

describe("the handshake refuses", () => {
  test.each<[what: string, c: NodeOptions, p: NodeOptions & { name?: string }, reason: string]>([
    ["another cluster", {}, { cluster: "other" }, "CLUSTER_MISMATCH"],
    ["a node of our own name", {}, { name: "c1" }, "NODE_NAME_TAKEN"],
    ["a role that we don't talk to", { accepts: ["acceptor"] }, {}, "ROLE_NOT_ACCEPTED"],
    ["a name that is none", {}, { name: "p 1" }, "LINK_BROKEN"],
    [
      "whom the owner's policy refuses",
      { admit: () => ({ ok: false, reason: "JOURNAL_RESTORED", message: "p1 was at 9, and is at 3." }) },
      {},
      "JOURNAL_RESTORED",
    ],
  ])("%s", async (_what, forServer, { name = "p1", ...forDialer }, reason) => {
    const c = coordinator("c1", forServer);
    const p = participant(name, forDialer);
    p.links.dial(await c.listen());
    const [atServer, atDialer] = await Promise.all([c.next("refused"), p.next("refused")]);
    expect(atServer.refused).toMatchObject({ reason, byPeer: false, address: null });
    expect(atDialer.refused).toMatchObject({ reason, byPeer: true });
    expect(c.logged.join("\n")).toContain(atServer.refused.message);
    expect(p.links.peers()).toEqual([]);
  });

  test("a server that the dialer's policy refuses, and tells it why", async () => {
    const c = coordinator();
    const p = participant("p1", {
      admit: () => ({ ok: false, reason: "IDENTITY_MISMATCH", message: "Not the c1 that I know." }),
    });
    p.links.dial(await c.listen());
    const { refused } = await c.next("refused");
    expect(refused).toEqual({
      node: "p1",
      address: null,
      byPeer: true,
      reason: "IDENTITY_MISMATCH",
      message: "Not the c1 that I know.",
    });
  });
});

test("another node than the one that was expected at an address is refused, and its link with others is left alone", async () => {
  const { c, p, address } = await linked();
  // The same server by another name: a second session would take the place of the first.
  p.links.dial(address.replace("127.0.0.1", "localhost"), "c2", "c3");
  const [{ refused }, told] = await Promise.all([p.next("refused"), c.next("refused")]);
  expect(refused).toMatchObject({ node: "c1", reason: "WRONG_NODE", byPeer: false });
  expect(told.refused).toMatchObject({ node: "p1", reason: "WRONG_NODE", byPeer: true });
  expect(refused.message).toContain("c2 or c3 was expected at localhost");
  expect([...c.happened, ...p.happened].map(({ kind }) => kind)).not.toContain("down");
  p.links.send("c1", [inquire]);
  expect((await c.next("envelopes")).from).toBe("p1");
});

test("a peer that goes down is remembered with the sequence of its last frame", async () => {
  const { c, p } = await linked(coordinator(), participant("p1", { lastSequence: () => 41 }));
  p.links.send("c1", [inquire]);
  await c.next("envelopes");
  await p.close();
  const { peer } = await c.next("down");
  expect(peer).toMatchObject({ node: "p1", seen: { log: "log-of-p1", incarnation: 1, boot: 1, sequence: 41 } });
  expect(c.links.peers()).toMatchObject([{ node: "p1", up: false, queuedBytes: 0 }]);
});

test("a newer session of a node takes the place of its older one", async () => {
  const { c, p, address } = await linked();
  const again = participant("p1", { starts: [{ incarnation: 2, boot: 2, sequence: 0 }] });
  again.links.dial(address);
  const { peer } = await c.next("down");
  expect(peer.seen.incarnation).toBe(1);
  expect((await c.next("up")).peer.seen.incarnation).toBe(2);
  await p.next("down");
  await p.close();
});

describe("a call", () => {
  test("is answered", async () => {
    const { c, p } = await linked();
    const answer = c.links.call("p1", "query", Buffer.from("how much?"), 60_000);
    const { item } = await p.next("side");
    expect(item).toMatchObject({ kind: "call", method: "query", timeoutMs: 60_000 });
    if (item.kind !== "call") throw new Error("no call");
    expect(Buffer.from(item.payload).toString()).toBe("how much?");
    p.links.sendSide("c1", { kind: "return", id: item.id, ok: true, payload: Buffer.from("all of it") });
    expect(Buffer.from(await answer).toString()).toBe("all of it");
  });

  test("is answered with an error of its own reason", async () => {
    const { c, p } = await linked();
    const answer = c.links.call("p1", "list-branches", Buffer.alloc(0), 60_000);
    const { item } = await p.next("side");
    const error = { reason: "QUERY_REFUSED", message: "DELETE is no query." };
    if (item.kind === "call") p.links.sendSide("c1", { kind: "return", id: item.id, ok: false, error });
    await expect(answer).rejects.toMatchObject(error);
  });

  test("ends when its time is over", async () => {
    const { c } = await linked();
    await expect(c.links.call("p1", "query", Buffer.alloc(0), 1)).rejects.toMatchObject({
      reason: "DEADLINE_EXCEEDED",
    });
  });

  test("with more time than a timer takes waits all the same", async () => {
    const { c, p } = await linked();
    const answer = c.links.call("p1", "query", Buffer.alloc(0), 2 ** 32 - 1);
    const { item } = await p.next("side");
    if (item.kind === "call")
      p.links.sendSide("c1", { kind: "return", id: item.id, ok: true, payload: Buffer.from("x") });
    expect(Buffer.from(await answer).toString()).toBe("x");
  });

  test("ends when the link goes down", async () => {
    const { c, p } = await linked();
    const answer = c.links.call("p1", "query", Buffer.alloc(0), 60_000);
    await p.next("side");
    await Promise.all([
      p.close(),
      expect(answer).rejects.toSatisfy((error) => NemconError.is(error, "PARTICIPANT_UNREACHABLE")),
    ]);
  });

  test("to a peer that is down fails at once", async () => {
    await expect(coordinator().links.call("p1", "query", Buffer.alloc(0), 60_000)).rejects.toMatchObject({
      reason: "PARTICIPANT_UNREACHABLE",
    });
  });

  test("past the number that may be open is refused", async () => {
    const { c } = await linked(coordinator("c1", { tuning: { openCalls: 1 } }));
    const first = c.links.call("p1", "query", Buffer.alloc(0), 60_000);
    await expect(c.links.call("p1", "query", Buffer.alloc(0), 60_000)).rejects.toMatchObject({ reason: "OVERLOADED" });
    c.links.close();
    await expect(first).rejects.toMatchObject({ reason: "SHUTTING_DOWN" });
  });
});

test("log lines repeat no field that every line has, and nothing of what grpc-js says around the system's words", async () => {
  const lonely = participant("p9");
  const gone = coordinator("c9");
  const address = await gone.listen();
  await gone.close();
  lonely.links.dial(address);
  const { c, p } = await linked();
  await p.close();
  await c.next("down");
  await vi.waitFor(() => expect(lonely.logged.length).toBeGreaterThan(0));
  const lines = [...lonely.logged, ...c.logged, ...p.logged];
  expect(lines.filter((line) => line.includes("Resolution note"))).toEqual([]);
  for (const node of [lonely, c, p])
    for (const name of ["role", "node", "pid", "level", "time", "msg"]) expect(node.loggedFields).not.toContain(name);
});
