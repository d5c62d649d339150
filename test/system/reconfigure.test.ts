/**
 * An acceptor of three is killed for good and its directory is lost: another one under a new name takes its place
 * (protocols §0.4, §E.4, §E.6), while transactions go on, each with the acceptors that it was begun with.
 */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { judgeTrace } from "../../lab/index.ts";
import { describeJournal } from "../../runtime/journal/inspect.ts";
import { nemcon, type Finished } from "../cli/nemcon.ts";
import { contradictions, readBooks } from "./books.ts";
import { tracesOf } from "./checks.ts";
import { Cluster, eventually, freePorts, Server } from "./processes.ts";
import { settingFor } from "./settings.ts";
import { call, Stubs } from "./stubs.ts";
import { transfer } from "./transfers.ts";

const REASON = "the disk of acceptor-3 is lost";
const UNDERWAY = 16;
/** Each look starts a command. */
const SHOWN_MS = 20_000;

let cluster: Cluster;
let stubs: Stubs;
let successors: Server[];

beforeEach(async () => {
  successors = [];
  cluster = await Cluster.open({ trace: true, ...settingFor("paxos-commit") });
  stubs = new Stubs(cluster.coordinator.address);
  await cluster.start();
  await cluster.meshed();
});
afterEach(async () => {
  stubs.close();
  await Promise.all(successors.map((each) => each.kill()));
  await cluster.close();
});

interface Listed {
  readonly node: string;
  readonly changed?: boolean;
  readonly groups: readonly {
    readonly version: number;
    readonly current: boolean;
    readonly acceptors: readonly { readonly node: string; readonly linked: boolean }[];
    readonly reason: string;
    readonly open: number;
    readonly held: number;
    readonly unknown: boolean;
  }[];
}

function reconfigure(at: Server, ...args: string[]): Promise<Finished> {
  return nemcon(["operator", "reconfigure", ...args], { environment: { NEMCON_AT: at.address } });
}

async function listed(at: Server): Promise<Listed> {
  return JSON.parse((await reconfigure(at, "--json")).stdout) as Listed;
}

const versions = ({ groups }: Listed): number[] => groups.map(({ version }) => version);
const named = (each: Server): string => `${each.name}@${each.address}`;

function member(index: number): Server {
  const found = [...cluster.acceptors, ...successors][index - 1];
  if (found === undefined) throw new Error(`no acceptor-${index}`);
  return found;
}

function standby(): Server {
  const [found] = cluster.standbys;
  if (found === undefined) throw new Error("no second coordinator");
  return found;
}

/** acceptor-3 is gone, with all that it had promised. */
async function lose(): Promise<void> {
  await member(3).kill();
  rmSync(join(cluster.directory, "acceptor-3"), { recursive: true });
}

async function successor(address: string): Promise<Server> {
  const name = `acceptor-${cluster.acceptors.length + successors.length + 1}`;
  const directory = join(cluster.directory, name);
  const trace = ["--trace", join(cluster.directory, `${name}.trace`)];
  const server = new Server(name, address, ["acceptor", "--node", name, "--directory", directory, ...trace]);
  successors.push(server);
  expect(await server.start()).toBe(true);
  return server;
}

/** One at a time, and no block of ids that a client holds. */
async function begin(): Promise<string> {
  const id = await stubs.begin(60_000);
  for (const [participant, by] of [
    ["bank-a", -1],
    ["bank-b", 1],
  ] as const)
    await call((options, done) =>
      stubs.participant.Execute(
        {
          transaction: id,
          participant,
          operations: [{ sql: { statement: `UPDATE checking SET balance = balance + ${by} WHERE customer = 1` } }],
        },
        options,
        done,
      ),
    );
  return id;
}

async function commit(transaction: string): Promise<string | undefined> {
  const { outcome } = await call<{ outcome: { kind: string } | null }>((options, done) =>
    stubs.coordinator.Commit({ transaction }, options, done),
  );
  return outcome?.kind;
}

/** Of the group that an acceptor wrote down with the votes of a transaction; null: it has none of them. */
function versionAt({ name }: Server, transaction: string): number | null {
  for (const { entries } of describeJournal(join(cluster.directory, name)).rows)
    for (const entry of entries)
      if (entry.kind === "record" && entry.transaction === transaction && entry.record.kind === "accept")
        return entry.record.membership?.group.version ?? null;
  return null;
}

async function replaced(at: Server, acceptors: readonly Server[]): Promise<Listed> {
  const { code, stdout, stderr } = await reconfigure(
    at,
    ...acceptors.map(named),
    "--reason",
    REASON,
    "--yes",
    "--json",
  );
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Listed;
}

function judged(): unknown[] {
  const { servers, directory } = cluster;
  const { violations, inDoubt } = judgeTrace(tracesOf({ servers: [...servers, ...successors], directory }));
  return [violations, inDoubt];
}

test("at the address of the lost one: what is open finishes with the old group, what comes has the new one, over a SIGKILL too", async () => {
  const { coordinator } = cluster;
  const old = await begin();
  await lose();
  const acceptor4 = await successor(member(3).address);
  const group = [member(1), member(2), acceptor4];
  expect(await replaced(coordinator, group)).toMatchObject({
    node: "c",
    changed: true,
    groups: [
      { version: 2, current: true, reason: REASON, open: 0 },
      { version: 1, current: false, reason: "", open: 1 },
    ],
  });
  expect((await replaced(standby(), group)).changed).toBe(true);
  // Asked for once more, nothing is different.
  expect((await replaced(coordinator, group)).changed).toBe(false);
  const { stdout } = await reconfigure(coordinator);
  expect(stdout).toMatch(/^2 +new transactions .*"the disk of acceptor-3 is lost" .*acceptor-4@/m);
  expect(stdout).toMatch(/^1 +1 open .*the configuration .*acceptor-3@.*\(no link\)/m);
  expect(await commit(old)).toBe("OUTCOME_KIND_COMMITTED");
  expect([1, 2, 4].map((index) => versionAt(member(index), old))).toEqual([1, 1, null]);
  await eventually(
    "the old group is needed no more",
    async () => versions(await listed(coordinator)).length === 1,
    SHOWN_MS,
  );

  await coordinator.kill();
  await coordinator.start();
  expect(coordinator.stderr).toContain("Other acceptors are in force than the configuration names");
  expect((await listed(coordinator)).groups[0]).toMatchObject({ version: 2, reason: REASON });
  // With one of the old ones away as well, only the new one makes a quorum: everybody has found it.
  await member(2).kill();
  await cluster.linked();
  const fresh = await begin();
  expect(await commit(fresh)).toBe("OUTCOME_KIND_COMMITTED");
  expect([1, 4].map((index) => versionAt(member(index), fresh))).toEqual([2, 2]);
  await member(2).start();

  // The configuration catches up, and rules again.
  await coordinator.kill("SIGTERM");
  const before = coordinator.stderr.length;
  await coordinator.start(["--acceptors", group.map(named).join(",")]);
  expect(coordinator.stderr.slice(before)).not.toContain("Other acceptors are in force");
  expect((await listed(coordinator)).groups[0]).toMatchObject({ version: 2, reason: "" });
  await cluster.settled();
  expect(judged()).toEqual([[], []]);
});

test("at another address: another coordinator finishes what the first one began with the new group", async () => {
  const [port] = await freePorts(1);
  await lose();
  const acceptor4 = await successor(`127.0.0.1:${port}`);
  const group = [member(1), member(2), acceptor4];
  await Promise.all([replaced(cluster.coordinator, group), replaced(standby(), group)]);
  const names = [...cluster.participants, cluster.coordinator, standby()];
  await eventually("everybody has met acceptor-4", () =>
    Promise.resolve(names.every((each) => cluster.knownTo(each).includes(acceptor4.name))),
  );
  await member(1).kill();
  acceptor4.signal("SIGSTOP");
  const before = readBooks(cluster.banks);
  const run = Array.from({ length: UNDERWAY }, (_, at) =>
    transfer(at + 1, {
      what: "two banks",
      changes: [
        ["bank-a", -1],
        ["bank-b", 1],
      ],
      customers: [at + 1, at + 1 + UNDERWAY],
    }),
  );
  for (const each of run) void cluster.caller.run(each).catch(() => undefined);
  await eventually("every branch has voted", async () => {
    const open = (await cluster.caller.branchesOrNull()) ?? [];
    return open.filter(({ state }) => state === "in-doubt").length === 2 * UNDERWAY;
  });
  await cluster.coordinator.kill();
  acceptor4.signal("SIGCONT");
  await cluster.settled();
  const heard = run.map((each) => ({ ...each, told: null, transaction: "" }));
  const halves = contradictions(before, readBooks(cluster.banks), heard).filter((text) => !text.includes("has it"));
  expect(halves, halves.join("\n")).toEqual([]);
  expect(judged()).toEqual([[], []]);
});

test("a wrong name, a wrong address, a group that is none, no reason or no word: nothing is changed, and all goes on", async () => {
  const { coordinator } = cluster;
  const [first = 0, second = 0] = await freePorts(2);
  await lose();
  const acceptor4 = await successor(`127.0.0.1:${first}`);
  const [a1, a2] = [named(member(1)), named(member(2))];
  const said = ["--reason", REASON, "--yes", "--json"];
  const cases: readonly (readonly [readonly string[], number, string])[] = [
    [[a1, a2, `acceptor-4@127.0.0.1:${second}`, ...said], 75, "ACCEPTOR_UNREACHABLE"],
    [[a1, a2, `acceptor-5@${acceptor4.address}`, ...said], 75, "ACCEPTOR_UNREACHABLE"],
    [[a1, `acceptor-4@${member(2).address}`, named(member(3)), ...said], 64, "INVALID_REQUEST"],
    [[a1, a2, `bank-a@${acceptor4.address}`, ...said], 64, "INVALID_REQUEST"],
    [[a1, a2, ...said], 64, "INVALID_REQUEST"],
    [[a1, a2, named(acceptor4), "--yes", "--json"], 64, "USAGE"],
    [[a1, a2, named(acceptor4), "--reason", REASON, "--json"], 64, "USAGE"],
  ];
  const answers = await Promise.all(cases.map(([args]) => reconfigure(coordinator, ...args)));
  for (const [at, [, code, reason]] of cases.entries()) {
    const { code: ended, stdout } = answers[at] ?? { code: null, stdout: "null" };
    expect([ended, JSON.parse(stdout)]).toMatchObject([code, { error: { reason } }]);
  }
  expect(versions(await listed(coordinator))).toEqual([1]);
  const [bank] = cluster.participants;
  if (bank === undefined) throw new Error("no bank");
  const elsewhere = await reconfigure(bank, "--json");
  expect(JSON.parse(elsewhere.stdout)).toMatchObject({ error: { reason: "NOT_AVAILABLE" } });
  expect(await commit(await begin())).toBe("OUTCOME_KIND_COMMITTED");
  expect(versions(await replaced(coordinator, [member(1), member(2), acceptor4]))).toContain(2);
  await cluster.settled();
});
