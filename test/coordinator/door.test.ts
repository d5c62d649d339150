/** What passes the door of a whole coordinator, over a fake network and clock, and what never has to. */

import type { ServerUnaryCall } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { coordinatorService } from "../../coordinator/api.ts";
import type { Coordinator, SubmitRequest } from "../../coordinator/wiring.ts";
import { bytes } from "../../lab/simulate/work.ts";
import { World } from "../../lab/simulate/world.ts";

/** Half of the transactions that may be under way wait for P1, which answers nothing. */
async function full() {
  const world = new World({});
  world.startAll();
  await world.run(20);
  const { rule } = world.network;
  world.network.rule = (sending) => (sending.envelope?.body.kind === "vote" ? [] : rule(sending));
  const { coordinator } = world.coordinator;
  const open = coordinator.begin("2pc");
  const block = coordinator.openBlock(1);
  const known = `${block.prefix}${block.first.toString(36).padStart(8, "0")}`;
  const request = (id: string | null, work = () => bytes("read x")): SubmitRequest => ({
    id,
    protocol: "2pc",
    timeoutMs: 60_000,
    patienceMs: Number.POSITIVE_INFINITY,
    branches: ["P1", "P2"].map((participant) => ({ participant, work })),
  });
  coordinator.submit(request(known), () => undefined);
  for (let taken = 1; taken < 500; taken += 1) coordinator.submit(request(null), () => undefined);
  await world.run(20);
  return { world, coordinator, open, known, request };
}

test("a full door refuses what begins, before its work is looked at, with a time to come again", async () => {
  const { coordinator, request } = await full();
  const unread = request(null, () => expect.unreachable());
  expect(() => coordinator.submit(unread, () => undefined)).toThrow(
    expect.objectContaining({ reason: "OVERLOADED", code: 8, retryAfterMs: expect.any(Number) }),
  );
  expect(() => coordinator.begin("2pc")).toThrow(expect.objectContaining({ reason: "OVERLOADED" }));
});

test("a full door is none for retries, commits, aborts and status asks; a refused id may be used later", async () => {
  const { world, coordinator, open, known, request } = await full();
  coordinator.submit(request(known), () => undefined);
  expect((await coordinator.status(open.id)).state).toBe("active");
  const told: string[] = [];
  coordinator.commit(open.id, 0, ({ outcome }) => told.push(outcome));
  coordinator.abort(known, ({ outcome }) => told.push(outcome));
  const { prefix, first } = coordinator.openBlock(1);
  const later = request(`${prefix}${first.toString(36).padStart(8, "0")}`);
  await world.run(50);
  expect(told).toEqual(["committed", "aborted"]);
  // The abort has made room for one.
  const { coordinator: same } = world.coordinator;
  expect(same.submit(later, () => undefined)).toBe(later.id);
  expect(() => same.submit(request(null), () => undefined)).toThrow(expect.objectContaining({ reason: "OVERLOADED" }));
  expect(same.submit(later, () => undefined)).toBe(later.id);
});

test("the deadline of a call is its caller's patience", async () => {
  const seen: number[] = [];
  const recorder: Pick<Coordinator, "submit"> = {
    submit: ({ patienceMs }, tell) => {
      seen.push(patienceMs);
      setImmediate(() => tell({ outcome: "forgotten" }));
      return "c.0001.00000001";
    },
  };
  const service = coordinatorService(recorder as Coordinator, 1_000);
  const request = { transaction: "", protocol: "", timeoutMs: 0, branches: [], packing: 0 };
  for (const deadline of [Date.now() + 500, Number.POSITIVE_INFINITY]) {
    const call = { request, getDeadline: () => deadline } as unknown as ServerUnaryCall<never, never>;
    await new Promise((resolve) => service.Submit(call, resolve));
  }
  expect(seen[0]).toBeGreaterThan(0);
  expect(seen[0]).toBeLessThanOrEqual(500);
  expect(seen[1]).toBe(Number.POSITIVE_INFINITY);
});
