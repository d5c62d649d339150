/** Links between processes that are killed, stopped and slow. */

import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import type { Envelope } from "../../../runtime/engine/index.ts";
import { TestNode, type NodeOptions } from "./node.ts";
import type { Orders, Word } from "./peer-process.ts";

const program = fileURLToPath(new URL("peer-process.ts", import.meta.url));
const keepalive = { timeMs: 200, timeoutMs: 200 };
const backoff = { firstMs: 1, capMs: 20 };

const nodes: TestNode[] = [];
const children: ChildProcess[] = [];

function node(name: string, role: "coordinator" | "participant", options: NodeOptions = {}): TestNode {
  const made = new TestNode(name, role, { ...options, tuning: { backoff, keepalive, ...options.tuning } });
  nodes.push(made);
  return made;
}

function start(orders: Orders): ChildProcess {
  const child = fork(program, [JSON.stringify(orders)], {
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  children.push(child);
  return child;
}

async function word<K extends Word["kind"]>(child: ChildProcess, kind: K): Promise<Extract<Word, { kind: K }>> {
  for (;;) {
    const [said] = (await once(child, "message")) as [Word];
    if (said.kind === kind) return said as Extract<Word, { kind: K }>;
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
  await Promise.all(nodes.splice(0).map((made) => made.close()));
});

function decision(number: number): Envelope {
  const transaction = `c1.0001.${number.toString(36).padStart(8, "0")}`;
  return { transaction, protocol: "2pc", body: { kind: "decision", decision: "commit" } };
}

const largePrepare: Envelope = {
  transaction: "c1.0001.00000001",
  protocol: "2pc",
  body: { kind: "prepare", participants: ["p1"], token: null, workCount: 1, work: new Uint8Array(64 * 1024) },
};

function status(of: TestNode, peer: string): { up: boolean; queuedBytes: number; shed: number } {
  return of.links.peers().find(({ node }) => node === peer)!;
}

test("a link comes back after the server's process died and was started again", async () => {
  const first = start({ node: "c1", role: "coordinator", listen: 0 });
  const { address } = await word(first, "listening");
  const p = node("p1", "participant");
  p.links.dial(address);
  await p.next("up");
  await kill(first);
  await p.next("down");
  start({ node: "c1", role: "coordinator", listen: Number(address.split(":")[1]) });
  await p.next("up");
  p.links.send("c1", [decision(1)]);
  expect((await p.next("envelopes")).envelopes[0]?.body.kind).toBe("ack");
});

test("a dialer that starts before its server finds it later", async () => {
  const scout = node("scout", "coordinator");
  const address = await scout.listen();
  await scout.close();
  const p = node("p1", "participant");
  p.links.dial(address);
  start({ node: "c1", role: "coordinator", listen: Number(address.split(":")[1]) });
  expect((await p.next("up")).peer.node).toBe("c1");
});

describe.skipIf(process.platform === "win32")("a stopped process", () => {
  test("on the dialling side is found dead by keepalive, and is linked again when it goes on", async () => {
    const c = node("c1", "coordinator");
    const child = start({ node: "p1", role: "participant", dial: await c.listen(0, keepalive) });
    await c.next("up");
    child.kill("SIGSTOP");
    await c.next("down");
    expect(status(c, "p1").up).toBe(false);
    child.kill("SIGCONT");
    await c.next("up");
  });

  test("on the serving side is found dead by keepalive, and is linked again when it goes on", async () => {
    const child = start({ node: "c1", role: "coordinator", listen: 0 });
    const p = node("p1", "participant");
    p.links.dial((await word(child, "listening")).address);
    await p.next("up");
    child.kill("SIGSTOP");
    await p.next("down");
    expect(status(p, "c1").up).toBe(false);
    child.kill("SIGCONT");
    await p.next("up");
  });

  test("stalls no other peer, and its queues stay bounded", async () => {
    const queuedBytes = 1024 * 1024;
    const bounds = { inFlightBytes: 256 * 1024, inFlightFrames: 64, queuedBytes, urgentBytes: queuedBytes };
    const c = node("c1", "coordinator", { tuning: { bounds } });
    const address = await c.listen();
    const stopped = start({ node: "p1", role: "participant", dial: address });
    start({ node: "p2", role: "participant", dial: address });
    await c.next("up");
    await c.next("up");
    stopped.kill("SIGSTOP");
    let largest = 0;
    let number = 0;
    while (status(c, "p1").shed < 100) {
      for (let many = 0; many < 20; many += 1) c.links.send("p1", [largePrepare]);
      largest = Math.max(largest, status(c, "p1").queuedBytes);
      c.links.send("p2", [decision((number += 1))]);
      const { envelopes } = await c.next("envelopes", ({ from }) => from === "p2");
      expect(envelopes[0]?.transaction).toBe(decision(number).transaction);
    }
    expect(status(c, "p1").up).toBe(true);
    // The bounds, and the one frame with which each of them is passed.
    expect(largest).toBeLessThan(bounds.inFlightBytes + queuedBytes + 3 * 64 * 1024);
    expect(status(c, "p2").shed).toBe(0);
  });

  test("gets every decision when it goes on, and none of the prepares that found no room", async () => {
    const bounds = {
      inFlightBytes: 256 * 1024,
      inFlightFrames: 64,
      queuedBytes: 1024 * 1024,
      urgentBytes: 32 * 1024 * 1024,
    };
    const c = node("c1", "coordinator", { tuning: { bounds } });
    const child = start({ node: "p1", role: "participant", dial: await c.listen() });
    await c.next("up");
    child.kill("SIGSTOP");
    let prepares = 0;
    let decisions = 0;
    while (status(c, "p1").shed < 50) {
      c.links.send("p1", [largePrepare, decision((decisions += 1)), largePrepare]);
      prepares += 2;
      await setImmediate();
    }
    const { shed } = status(c, "p1");
    child.kill("SIGCONT");
    let acknowledged = 0;
    while (acknowledged < decisions) acknowledged += (await c.next("envelopes")).envelopes.length;
    while (status(c, "p1").queuedBytes > 0) await setImmediate();
    // One call later, all frames sent before it have been read.
    c.links.send("p1", [decision((decisions += 1))]);
    await c.next("envelopes");
    child.send("count");
    expect((await word(child, "count")).count).toEqual({ decision: decisions, prepare: prepares - shed });
  });
});
