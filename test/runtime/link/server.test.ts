/** A server answers health and reflection, refuses what is too large, and says who holds its port. */

import { connect as connectTo, createServer, type Server as NetServer } from "node:net";
import { once } from "node:events";
import { createRequire } from "node:module";
import {
  ChannelCredentials,
  makeClientConstructor,
  status,
  type Client,
  type ClientDuplexStream,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadSync, type ServiceDefinition } from "@grpc/proto-loader";
import { protoPath as healthProto } from "grpc-health-check";
import { afterEach, describe, expect, test } from "vitest";
import {
  CoordinatorStub,
  fromServiceError,
  serve,
  serverCredentials,
  services,
  type RunningServer,
} from "../../../runtime/link/index.ts";
import { limits } from "../../../runtime/values/index.ts";

const require = createRequire(import.meta.url);
const reflectionProto = require
  .resolve("@grpc/reflection")
  .replace(/src.index\.js$/, "proto/grpc/reflection/v1/reflection.proto");

const servers: RunningServer[] = [];
const clients: Client[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(servers.splice(0).map((server) => server.shutdown(0)));
});

async function start(): Promise<RunningServer> {
  const server = await serve({
    address: "127.0.0.1:0",
    tls: null,
    services: [
      {
        definition: services.coordinator,
        implementation: {
          begin: (_call: unknown, answer: (error: null, response: object) => void) =>
            answer(null, { transaction: "c1.0001.00000001" }),
          submit: (_call: unknown, answer: (error: null, response: object) => void) => answer(null, {}),
        },
      },
    ],
  });
  servers.push(server);
  return server;
}

function client<T extends Client>(made: T): T {
  clients.push(made);
  return made;
}

function stub(proto: string, service: string, address: string): Client {
  const definition = loadSync(proto)[service] as ServiceDefinition;
  return client(new (makeClientConstructor(definition, service))(address, ChannelCredentials.createInsecure()));
}

/** Calls a method by its name and waits for its answer. */
function ask(of: Client, method: string, request: object): Promise<Record<string, unknown>> {
  const call = (of as unknown as Record<string, (...args: unknown[]) => void>)[method]!;
  return new Promise((resolve, reject) => {
    call.call(of, request, (error: ServiceError | null, response: Record<string, unknown>) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

async function reflect(request: object): Promise<Record<string, unknown>> {
  const { address } = await start();
  const reflection = stub(reflectionProto, "grpc.reflection.v1.ServerReflection", address) as unknown as {
    serverReflectionInfo(): ClientDuplexStream<object, Record<string, unknown>>;
  };
  const stream = reflection.serverReflectionInfo();
  stream.write(request);
  const [answer] = (await once(stream, "data")) as [Record<string, unknown>];
  stream.end();
  return answer;
}

function submit(address: string, statement: string): Promise<Record<string, unknown>> {
  const coordinator = client(new CoordinatorStub(address, ChannelCredentials.createInsecure()));
  return ask(coordinator, "submit", { branches: [{ participant: "p1", operations: [{ sql: { statement } }] }] });
}

test("health follows the server's word, for the server and for each service", async () => {
  const server = await start();
  const health = stub(healthProto, "grpc.health.v1.Health", server.address);
  const states = async (): Promise<unknown[]> => [
    (await ask(health, "check", { service: "" }))["status"],
    (await ask(health, "check", { service: "nemcon.v1.Coordinator" }))["status"],
  ];
  expect(await states()).toEqual([2, 2]);
  server.setServing(true);
  expect(await states()).toEqual([1, 1]);
});

describe("reflection", () => {
  test("lists the services", async () => {
    const { listServicesResponse } = await reflect({ listServices: "" });
    const { service } = listServicesResponse as { service: { name: string }[] };
    expect(service.map(({ name }) => name).sort()).toEqual([
      "grpc.health.v1.Health",
      "nemcon.v1.Coordinator",
      "nemcon.v1.Operator",
      "nemcon.v1.Participant",
      "nemcon.v1.Peer",
    ]);
  });

  test("describes a message with a map, and the file that it imports", async () => {
    const { fileDescriptorResponse } = await reflect({ fileContainingSymbol: "nemcon.v1.SubmitRequest" });
    const { fileDescriptorProto } = fileDescriptorResponse as { fileDescriptorProto: Buffer[] };
    const text = Buffer.concat(fileDescriptorProto).toString("latin1");
    expect(text).toContain("nemcon/v1/coordinator.proto");
    expect(text).toContain("NamedParametersEntry");
  });
});

describe("a request", () => {
  test("of nearly the limit is taken", async () => {
    const { address } = await start();
    await expect(submit(address, "x".repeat(limits.messageBytes - 100))).resolves.toEqual({ outcome: null });
  });

  test("past the limit is refused with its reason", async () => {
    const { address } = await start();
    const refused = await submit(address, "x".repeat(limits.messageBytes)).catch((error: ServiceError) => error);
    expect(fromServiceError(refused as ServiceError)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: "MESSAGE_TOO_LARGE",
    });
  });
});

describe("a taken port", () => {
  let holder: NetServer | null = null;

  afterEach(async () => {
    if (holder !== null) await new Promise((resolve) => holder?.close(resolve));
    holder = null;
  });

  test("is named, with the process that holds it where the system tells", async () => {
    holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as { port: number };
    const address = `127.0.0.1:${port}`;
    const taken = serve({ address, tls: null, services: [] });
    const who = process.platform === "linux" ? `Process ${process.pid} ` : "To see what holds it";
    await expect(taken).rejects.toMatchObject({
      reason: "PORT_TAKEN",
      message: expect.stringMatching(new RegExp(`^${address.replaceAll(".", "\\.")} is taken\\. ${who}`)),
    });
  });
});

test("a server that was shut down leaves its port free", async () => {
  const first = await start();
  await first.shutdown(0);
  const second = await serve({ address: first.address, tls: null, services: [] });
  servers.push(second);
  expect(second.port).toBe(first.port);
});

test("a peer that keeps its half of a connection open holds no shutdown up", async () => {
  const server = await start();
  const peer = connectTo({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  // HTTP/2's preface and empty settings, and then not a word more, whatever the server says.
  peer.write(
    Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]),
  );
  await once(peer, "data");
  const ended = once(peer, "end");
  await server.shutdown(0);
  await ended;
  const second = await serve({ address: server.address, tls: null, services: [] });
  servers.push(second);
  expect(second.port).toBe(server.port);
  peer.destroy();
});

describe("without TLS", () => {
  test.each(["0.0.0.0:7410", "192.0.2.1:7410", "[::]:0", "example.org:1", "localhost.example.org:1"])(
    "%s is refused",
    (address) => {
      expect(() => serverCredentials(address, null)).toThrow(
        expect.objectContaining({ reason: "ADDRESS_NOT_LOOPBACK" }),
      );
    },
  );

  test.each(["127.0.0.1:0", "127.1.2.3:7410", "[::1]:7410", "localhost:7410"])("%s is taken", (address) => {
    expect(serverCredentials(address, null)).toBeDefined();
  });

  test.each(["7410", "127.0.0.1", "::1:7410", ""])("%j is no address", (address) => {
    expect(() => serverCredentials(address, null)).toThrow(expect.objectContaining({ reason: "ADDRESS_INVALID" }));
  });
});
