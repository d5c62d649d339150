/** Configurations: every fault is found and named with its place; flags come before the environment, that before the file. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { NemconError } from "../../../runtime/errors/index.ts";
import { completeConfig, loadConfig, noFaults, type Role, type Sources } from "../../../runtime/index.ts";

const directory = mkdtempSync(join(tmpdir(), "nemcon-config-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const file = join(directory, "nemcon.yaml");
const least: Record<Role, string> = {
  coordinator: "node: coordinator-1\ndirectory: data\n",
  participant: "node: bank-a\ndatabase: bank.db\ncoordinators: [127.0.0.1:7410]\n",
  acceptor: "node: acceptor-1\ndirectory: data\n",
};

function load<R extends Role>(role: R, yaml: string, more: Partial<Sources> = {}) {
  writeFileSync(file, yaml);
  return loadConfig(role, { file, environment: {}, flags: {}, ...more });
}

function refusal(action: () => unknown): NemconError {
  try {
    action();
  } catch (error) {
    if (error instanceof NemconError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("a fault is named with its line and column:", () => {
  test.each<[what: string, role: Role, yaml: string, places: readonly string[]]>([
    [
      "an unknown key, with the key that was meant",
      "coordinator",
      "node: c1\ndirectroy: x\ndirectory: d",
      [":2:1: directroy: unknown key; did you mean directory?"],
    ],
    [
      "an unknown key in a group",
      "coordinator",
      `${least.coordinator}times:\n  votesMs: 5\n`,
      [":4:3: times.votesMs: unknown key; did you mean times.voteMs?"],
    ],
    [
      "a key outside its group",
      "coordinator",
      `${least.coordinator}voteMs: 5\n`,
      [":3:1: voteMs: unknown key; did you mean times.voteMs?"],
    ],
    ["a key that is like none", "coordinator", `${least.coordinator}zebra: 5\n`, [":3:1: zebra: unknown key\n"]],
    [
      "text for a number",
      "coordinator",
      `${least.coordinator}times:\n  voteMs: 5s\n`,
      [':4:11: times.voteMs: expected a whole number of milliseconds from 1 to 2073600000, got "5s"'],
    ],
    [
      "a fraction",
      "coordinator",
      `${least.coordinator}times: { voteMs: 0.5 }`,
      [":3:18: times.voteMs: expected a whole number"],
    ],
    [
      "a number out of range",
      "coordinator",
      `${least.coordinator}limits: { participants: 0 }`,
      [":3:25: limits.participants"],
    ],
    [
      "a default protocol that needs acceptors, where there are none",
      "coordinator",
      `${least.coordinator}protocol:\n  default: paxos-commit`,
      [
        ':4:12: protocol.default: expected a protocol that needs no acceptors, or 1, 3 or 5 of them in acceptors (paxos-commit is decided by them), got "paxos-commit"',
      ],
    ],
    [
      "a default protocol that is unsafe, where none is allowed",
      "coordinator",
      `${least.coordinator}protocol: { default: 3pc-plain }`,
      [
        ":3:22: protocol.default: expected a protocol that is safe, or protocol.unsafe: allowed (3pc-plain is not safe: ",
      ],
    ],
    [
      "a wrong choice",
      "coordinator",
      `${least.coordinator}log:\n  level: loud`,
      [":4:10: log.level: expected one of trace, debug"],
    ],
    [
      "a protocol that is none",
      "coordinator",
      `${least.coordinator}protocol: { default: 4pc }`,
      [
        ':3:22: protocol.default: expected one of auto, 2pc, 2pc-presumed-nothing, 2pc-presumed-commit, paxos-commit, paxos-commit-fast, 3pc, 3pc-plain, got "4pc"',
      ],
    ],
    [
      "a value where a group belongs",
      "coordinator",
      `${least.coordinator}times: 5`,
      [":3:8: times: expected a group with the keys voteMs"],
    ],
    ...[
      ["two acceptors", "[a1@127.0.0.1:1, a2@127.0.0.1:2]"],
      ["seven acceptors", `[${[1, 2, 3, 4, 5, 6, 7].map((port) => `a${port}@127.0.0.1:${port}`).join(", ")}]`],
      ["an acceptor twice", "[a1@127.0.0.1:1, a2@127.0.0.1:2, a1@127.0.0.1:3]"],
      ["two acceptors at one address", "[a1@127.0.0.1:1, a2@127.0.0.1:2, a3@127.0.0.1:2]"],
      ["an acceptor without a name", "[127.0.0.1:7450]"],
      ["an acceptor without a port", "[a1@127.0.0.1]"],
      ["an acceptor at any port", "[a1@127.0.0.1:0]"],
    ].map(([what, list]): [string, Role, string, string[]] => [
      what ?? "",
      "coordinator",
      `${least.coordinator}acceptors: ${list}`,
      [":3:12: acceptors: expected a list of 1, 3 or 5 acceptors, each once"],
    ]),
    ["a bad name", "coordinator", "node: 1st\ndirectory: d", [":1:7: node: expected a name"]],
    ["an empty value", "coordinator", "node:\ndirectory: d", [":1:", "node: expected a name", "got nothing"]],
    ["a bad address", "coordinator", `${least.coordinator}listen: localhost`, [":3:9: listen: expected an address"]],
    [
      "a port past the last",
      "coordinator",
      `${least.coordinator}listen: 127.0.0.1:70000`,
      [":3:9: listen: expected an address"],
    ],
    [
      "one address in a list",
      "participant",
      "node: a\ndatabase: d\ncoordinators: [127.0.0.1:7410, nowhere]",
      [":3:15: coordinators: expected an address"],
    ],
    [
      "an empty list",
      "participant",
      "node: a\ndatabase: d\ncoordinators: []",
      [":3:15: coordinators: expected a list of one or more"],
    ],
    [
      "text for a list",
      "participant",
      "node: a\ndatabase: d\ncoordinators: 127.0.0.1:7410",
      [":3:15: coordinators: expected a list"],
    ],
    [
      "a missing key",
      "participant",
      "node: a\ncoordinators: [127.0.0.1:7410]",
      ["database: missing; expected a path", "NEMCON_DATABASE", "--database"],
    ],
    ["no map at all", "coordinator", "- 1\n- 2", [":1:1: expected keys with values"]],
    [
      "several at once",
      "coordinator",
      "nod: c1\nlisten: here\ntimes:\n  voteMs: no\n  idleMs: 0\n",
      [
        ":1:1: nod: unknown key; did you mean node?",
        ":2:9: listen",
        ":4:11: times.voteMs",
        ":5:11: times.idleMs",
        "node: missing",
        "directory: missing",
      ],
    ],
  ])("%s", (_what, role, yaml, places) => {
    const error = refusal(() => load(role, yaml));
    expect(error.reason).toBe("CONFIG_INVALID");
    expect(error.exitCode).toBe(78);
    for (const place of places) expect(error.message).toContain(place.startsWith(":") ? file + place : place);
  });

  test.each<[what: string, yaml: string, place: string]>([
    ["what is not YAML", "node: [", ":1:8"],
    ["a key given twice", "node: a\nnode: b", ":2:1"],
    ["a tab for indentation", "times:\n\tvoteMs: 5", ":2:1"],
  ])("%s", (_what, yaml, place) => {
    const error = refusal(() => load("coordinator", yaml));
    expect(error.reason).toBe("CONFIG_UNREADABLE");
    expect(error.message).toContain(file + place);
  });

  test("a file that is not there", () => {
    const error = refusal(() =>
      loadConfig("coordinator", { file: join(directory, "no.yaml"), environment: {}, flags: {} }),
    );
    expect(error.reason).toBe("CONFIG_UNREADABLE");
    expect(error.message).toContain("no.yaml");
  });

  test("a variable or a flag, by its name", () => {
    const environment = { NEMCON_TIMES_VOTE_MS: "soon", NEMCON_LISTNE: "127.0.0.1:1" };
    const error = refusal(() =>
      load("coordinator", least.coordinator, { environment, flags: { "limits.queue": "0" } }),
    );
    expect(error.message).toContain(
      'NEMCON_TIMES_VOTE_MS: times.voteMs: expected a whole number of milliseconds from 1 to 2073600000, got "soon"',
    );
    expect(error.message).toContain("NEMCON_LISTNE: unknown variable; did you mean NEMCON_LISTEN?");
    expect(error.message).toContain("--limits-queue: limits.queue: expected a whole number");
  });
});

describe("precedence", () => {
  test("a flag comes before the environment, that before the file, that before the default", () => {
    const yaml = `${least.coordinator}times:\n  voteMs: 1\n  idleMs: 1\n  retryCapMs: 1\n`;
    const environment = { NEMCON_TIMES_IDLE_MS: "2", NEMCON_TIMES_RETRY_CAP_MS: "2" };
    const config = load("coordinator", yaml, { environment, flags: { "times.retryCapMs": "3" } });
    expect(config.times).toEqual({ voteMs: 1, idleMs: 2, retryCapMs: 3, acknowledgementMs: 200 });
  });

  test("a good flag covers a bad value of the file", () => {
    const config = load("coordinator", `${least.coordinator}listen: nowhere`, { flags: { listen: "127.0.0.1:0" } });
    expect(config.listen).toBe("127.0.0.1:0");
  });

  test("no file is needed where the rest says enough", () => {
    const environment = { NEMCON_NODE: "a", NEMCON_DATABASE: "/d/a.db", NEMCON_COORDINATORS: "127.0.0.1:1, [::1]:2" };
    const config = loadConfig("participant", { file: null, environment, flags: {} });
    expect(config).toMatchObject({ node: "a", coordinators: ["127.0.0.1:1", "[::1]:2"], database: "/d/a.db" });
  });

  test("paths start at the file that they stand in, elsewhere at the working directory", () => {
    expect(load("coordinator", least.coordinator).directory).toBe(join(directory, "data"));
    const flags = { directory: "data" };
    expect(load("coordinator", least.coordinator, { flags }).directory).toBe(join(process.cwd(), "data"));
  });
});

test("the environment of another role, of Kubernetes and of the command is not refused", () => {
  const environment = {
    NEMCON_DATABASE: "/d/a.db",
    NEMCON_SERVICE_HOST: "10.0.0.1",
    NEMCON_PORT_7410_TCP_ADDR: "10.0.0.1",
    NEMCON_COORDINATOR: "127.0.0.1:7410",
    NEMCON_AT: "127.0.0.1:7420",
  };
  expect(load("coordinator", least.coordinator, { environment }).node).toBe("coordinator-1");
});

test("defaults are what the documents promise", () => {
  expect(load("coordinator", least.coordinator)).toMatchObject({
    cluster: "nemcon",
    listen: "127.0.0.1:7410",
    protocol: { default: "auto" },
    times: { voteMs: 5000, acknowledgementMs: 200, retryCapMs: 5000, idleMs: 60_000 },
    outcomes: { keepMs: 86_400_000, maxBytes: 24 * 1024 * 1024 },
    limits: { participants: 64, operations: 1000 },
    log: { level: "info" },
    faults: noFaults,
  });
  expect(load("participant", `${least.participant}log:\n# level: debug\n`)).toMatchObject({
    listen: "127.0.0.1:7420",
    times: { lockWaitMs: 1000, idleMs: 60_000 },
    limits: { rows: 10_000 },
    log: { level: "info" },
  });
});

test("anchors and aliases are read", () => {
  const yaml = `${least.coordinator}times: &t { voteMs: &v 7, idleMs: *v }\n`;
  expect(load("coordinator", yaml).times).toMatchObject({ voteMs: 7, idleMs: 7 });
});

function listening(listen: string) {
  return completeConfig("coordinator", { node: "c", directory: "d", listen });
}

describe("an address", () => {
  test.each(["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"])("that is loopback is taken: %s", (listen) => {
    expect(listening(listen).listen).toBe(listen);
  });

  test.each(["0.0.0.0:1", "[::]:1", "192.168.0.1:1", "127.example.org:1"])(
    "that others reach is refused: %s",
    (listen) => {
      expect(refusal(() => listening(listen)).reason).toBe("ADDRESS_NOT_LOOPBACK");
    },
  );

  test.each([{ killBeforeWrite: 1 }, { noSync: true as const }])(
    "that others reach is refused planted faults: %j",
    (faults) => {
      const input = { node: "c", directory: "d", listen: "0.0.0.0:1" };
      expect(refusal(() => completeConfig("coordinator", input, faults)).reason).toBe("FAULTS_NOT_ALLOWED");
      expect(completeConfig("coordinator", { ...input, listen: "[::1]:1" }, faults).faults).toEqual(faults);
    },
  );
});

describe("the default protocol", () => {
  const of = (input: object) => completeConfig("coordinator", { node: "c", directory: "d", ...input });
  const acceptors = ["a@127.0.0.1:7450"];

  test.each<[what: string, input: object]>([
    ["2pc without anything", { protocol: { default: "2pc" } }],
    ["3pc without anything", { protocol: { default: "3pc" } }],
    ["paxos-commit-fast with an acceptor", { protocol: { default: "paxos-commit-fast" }, acceptors }],
    ["3pc-plain where unsafe ones are allowed", { protocol: { default: "3pc-plain", unsafe: "allowed" } }],
    ["auto, with acceptors", { acceptors }],
    ["auto, without", {}],
  ])("%s is taken", (_what, input) => {
    expect(of(input).node).toBe("c");
  });

  test.each<[what: string, input: object, says: string]>([
    ["paxos-commit without acceptors", { protocol: { default: "paxos-commit" } }, "in acceptors"],
    [
      "paxos-commit-fast without acceptors",
      { protocol: { default: "paxos-commit-fast" }, acceptors: [] },
      "in acceptors",
    ],
    ["3pc-plain, acceptors or not", { protocol: { default: "3pc-plain" }, acceptors }, "protocol.unsafe: allowed"],
  ])("%s is refused, and the message says what to do", (_what, input, says) => {
    const error = refusal(() => of(input));
    expect([error.reason, error.exitCode]).toEqual(["CONFIG_INVALID", 78]);
    expect(error.message).toContain("protocol.default: expected");
    expect(error.message).toContain(says);
  });
});

test("a configuration from a value is checked like one from a file", () => {
  const error = refusal(() =>
    completeConfig("participant", { node: "a", database: "d", coordinators: ["x"], times: { idleMs: 0 } }),
  );
  expect(error.message).toContain('coordinators: expected an address: host:port, like 127.0.0.1:7410, got ["x"]');
  expect(error.message).toContain("times.idleMs: expected a whole number of milliseconds from 1 to 2073600000, got 0");
});
