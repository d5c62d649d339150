/** Whom a node talks to, by the hello alone; how a stranger on the wire is answered; how long a dialer waits. */

import { once } from "node:events";
import { ChannelCredentials, type ClientDuplexStream, type ServiceError } from "@grpc/grpc-js";
import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { backoffMs, defaultBackoff } from "../../../runtime/link/backoff.ts";
import type { Hello__Output } from "../../../runtime/link/gen/nemcon/v1/Hello.ts";
import type { LinkRequest } from "../../../runtime/link/gen/nemcon/v1/LinkRequest.ts";
import type { LinkResponse__Output } from "../../../runtime/link/gen/nemcon/v1/LinkResponse.ts";
import { fromServiceError, judge, type Identity } from "../../../runtime/link/index.ts";
import { PeerStub } from "../../../runtime/link/proto.ts";
import { TestNode } from "./node.ts";

const self: Identity = {
  cluster: "test",
  node: "c1",
  role: "coordinator",
  log: "log-of-c1",
  sequence: 5,
  starts: [{ incarnation: 1, boot: 7, sequence: 0 }],
  software: "nemcon 0.1.0",
  address: "",
};

const hello: Hello__Output = {
  cluster: "test",
  node: "p1",
  role: "participant",
  log: "log-of-p1",
  sequence: "1234567890123",
  starts: [
    { incarnation: 3, boot: 8, sequence: "0" },
    { incarnation: 4, boot: 4_294_967_295, sequence: "1234567890100" },
  ],
  versions: [1],
  software: "nemcon 0.2.0",
  address: "",
};

const start = (incarnation: number, sequence: number): Hello__Output["starts"][number] => ({
  incarnation,
  boot: 0,
  sequence: String(sequence),
});

test("a hello is read with all that it says", () => {
  expect(judge(self, ["participant"], { ...hello, versions: [3, 2, 1] })).toEqual({
    ok: true,
    version: 1,
    peer: {
      cluster: "test",
      node: "p1",
      role: "participant",
      log: "log-of-p1",
      sequence: 1_234_567_890_123,
      starts: [
        { incarnation: 3, boot: 8, sequence: 0 },
        { incarnation: 4, boot: 4_294_967_295, sequence: 1_234_567_890_100 },
      ],
      software: "nemcon 0.2.0",
      address: "",
    },
  });
});

test.each<[what: string, changed: Partial<Hello__Output>, reason: string]>([
  ["no version in common", { versions: [2, 3] }, "VERSION_MISMATCH"],
  ["no version at all", { versions: [] }, "VERSION_MISMATCH"],
  ["another cluster", { cluster: "" }, "CLUSTER_MISMATCH"],
  ["our own name", { node: "c1" }, "NODE_NAME_TAKEN"],
  ["a role that does not link to ours", { role: "acceptor" }, "ROLE_NOT_ACCEPTED"],
  ["a role that is none", { role: "king" }, "LINK_BROKEN"],
  ["no log", { log: "" }, "LINK_BROKEN"],
  ["a name with a dot, which ids use", { node: "p.1" }, "LINK_BROKEN"],
  ["a sequence past 2^53", { sequence: "18446744073709551615" }, "LINK_BROKEN"],
  ["no starts", { starts: [] }, "LINK_BROKEN"],
  ["endless starts", { starts: Array.from({ length: 1_001 }, (_, at) => start(at, at)) }, "LINK_BROKEN"],
  ["a start twice", { starts: [start(1, 0), start(1, 0)] }, "LINK_BROKEN"],
  ["starts that go back", { starts: [start(1, 9), start(2, 8)] }, "LINK_BROKEN"],
  ["a start past 2^53", { starts: [{ incarnation: 1, boot: 0, sequence: "18446744073709551615" }] }, "LINK_BROKEN"],
  ["an address that is none, which others would dial", { address: "nowhere" }, "LINK_BROKEN"],
  ["an endless text", { software: "x".repeat(1000) }, "LINK_BROKEN"],
])("refused: %s", (_what, changed, reason) => {
  expect(judge(self, ["participant"], { ...hello, ...changed })).toMatchObject({ ok: false, reason });
});

test("the back-off doubles to its cap, and the jitter takes all of it", () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((failures) => backoffMs(defaultBackoff, failures, 1));
  expect(longest).toEqual([50, 100, 200, 400, 800, 1000, 1000, 1000, 1000]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const waitMs = backoffMs(defaultBackoff, failures, random);
      return waitMs >= 0 && waitMs <= defaultBackoff.capMs;
    }),
  );
});

describe("a stranger on the wire", () => {
  const nodes: TestNode[] = [];
  const stubs: InstanceType<typeof PeerStub>[] = [];

  afterEach(async () => {
    for (const stub of stubs.splice(0)) stub.close();
    await Promise.all(nodes.splice(0).map((node) => node.close()));
  });

  async function connect(handshakeMs = 5_000): Promise<{
    c: TestNode;
    stream: ClientDuplexStream<LinkRequest, LinkResponse__Output>;
    failed: Promise<string | null>;
  }> {
    const c = new TestNode("c1", "coordinator", { tuning: { handshakeMs } });
    nodes.push(c);
    const stub = new PeerStub(await c.listen(), ChannelCredentials.createInsecure());
    stubs.push(stub);
    const stream = stub.link();
    stream.on("data", () => {});
    const failed = new Promise<string | null>((resolve) => {
      stream.on("error", (error: ServiceError) => resolve(fromServiceError(error).reason));
    });
    return { c, stream, failed };
  }

  test("that says nothing is sent away after a while", async () => {
    const { failed } = await connect(50);
    expect(await failed).toBe("LINK_BROKEN");
  });

  test("that begins with a frame is sent away", async () => {
    const { stream, failed } = await connect();
    stream.write({ frame: { version: 1, rows: Buffer.alloc(0) } });
    expect(await failed).toBe("LINK_BROKEN");
  });

  test("that sends an empty message is sent away", async () => {
    const { stream, failed } = await connect();
    stream.write({});
    expect(await failed).toBe("LINK_BROKEN");
  });

  test("that turns into another node between its hellos is sent away", async () => {
    const { stream, failed } = await connect();
    stream.write({ hello });
    await once(stream, "data");
    stream.write({ hello: { ...hello, node: "p2" } });
    expect(await failed).toBe("LINK_BROKEN");
  });

  test.each([
    ["bytes that are no frame", { version: 1, rows: Buffer.from([63]) }],
    ["a version that was not agreed", { version: 2, rows: Buffer.alloc(0) }],
  ])("that sends %s loses its session", async (_what, frame) => {
    const { c, stream, failed } = await connect();
    stream.write({ hello });
    await once(stream, "data");
    stream.write({ hello });
    await c.next("up");
    stream.write({ frame });
    await c.next("down");
    expect(await failed).toBe("LINK_BROKEN");
  });
});
