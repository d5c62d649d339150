/** Links between processes of all roles: each pair that has something to say has one, in whatever order servers start and die. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { eventually, freePorts, Server } from "./processes.ts";

const open: { readonly servers: Server[]; readonly directory: string }[] = [];
afterEach(async () => {
  for (const { servers, directory } of open.splice(0)) {
    for (const server of servers) server.signal("SIGCONT");
    await Promise.all(servers.map((server) => server.kill()));
    rmSync(directory, { recursive: true, force: true });
  }
});

const coordinators = ["c1", "c2"];
const banks = ["bank-a", "bank-b", "bank-c"];
const acceptors = ["acceptor-1", "acceptor-2", "acceptor-3"];

interface Mesh {
  readonly servers: ReadonlyMap<string, Server>;
  start(...names: readonly string[]): Promise<void>;
  kill(...names: readonly string[]): Promise<void>;
  /** Its next life is at another port. */
  move(name: string): Promise<void>;
  /** Every server that lives is linked with those that live and that it needs, and with nobody else. */
  linked(): Promise<void>;
}

async function mesh(): Promise<Mesh> {
  const directory = mkdtempSync(join(tmpdir(), "nemcon-mesh-"));
  const ports = await freePorts(8);
  const at = (name: string): string => `127.0.0.1:${ports[[...coordinators, ...banks, ...acceptors].indexOf(name)]}`;
  const group = acceptors.map((name) => `${name}@${at(name)}`).join(",");
  const argsOf = (name: string): string[] => {
    const file = join(directory, name);
    switch (roleOf(name)) {
      case "c":
        return ["coordinator", "--node", name, "--directory", file, "--acceptors", group];
      case "bank":
        return ["participant", "--node", name, "--database", file, "--coordinators", coordinators.map(at).join(",")];
      default:
        return ["acceptor", "--node", name, "--directory", file];
    }
  };
  const servers = new Map(
    [...coordinators, ...banks, ...acceptors].map((name) => [name, new Server(name, at(name), argsOf(name))]),
  );
  const cluster = { servers: [...servers.values()], directory };
  open.push(cluster);
  const server = (name: string): Server => {
    const found = servers.get(name);
    if (found === undefined) throw new Error(`no server ${name}`);
    return found;
  };
  return {
    servers,
    async start(...names) {
      const started = await Promise.all(names.map((name) => server(name).start(["--log-level", "info"])));
      expect(started).toEqual(names.map(() => true));
    },
    async kill(...names) {
      await Promise.all(names.map((name) => server(name).kill()));
    },
    async move(name) {
      const [port] = await freePorts(1);
      const moved = new Server(name, `127.0.0.1:${port}`, argsOf(name));
      servers.set(name, moved);
      cluster.servers.push(moved);
    },
    async linked() {
      const alive = [...servers.values()].filter(({ isAlive }) => isAlive);
      let now = "";
      const expected = alive.map((server) => `${server.name}: ${needs(server, alive).join(" ")}`).join("\n");
      await eventually(
        () => `expected\n${expected}\nand got\n${now}`,
        () => {
          now = alive.map((server) => `${server.name}: ${linksOf(server).join(" ")}`).join("\n");
          return Promise.resolve(now === expected);
        },
        20_000,
      );
    },
  };
}

const roleOf = (name: string): string => name.replace(/[-\d].*/, "");

/** Coordinators talk to all but each other, participants to all, acceptors to all but each other. */
function needs({ name }: Server, alive: readonly Server[]): string[] {
  const own = roleOf(name);
  return alive
    .map((other) => other.name)
    .filter((other) => other !== name && (roleOf(other) !== own || own === "bank"))
    .toSorted();
}

interface Line {
  readonly pid: number;
  readonly peer?: string;
  readonly msg: string;
}

function linesOf({ stderr }: Server): Line[] {
  return stderr
    .slice(0, stderr.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Line);
}

/** As its log tells, which may end in the middle of a line. */
function linksOf(server: Server): string[] {
  const up = new Set<string>();
  for (const { pid, peer = "", msg } of linesOf(server)) {
    if (pid !== server.pid) continue;
    if (msg.startsWith("Linked with ")) up.add(peer);
    else if (/^Link with .* is down/.test(msg)) up.delete(peer);
  }
  return [...up].toSorted();
}

function replaced({ servers }: Mesh): string[] {
  return [...servers.values()].flatMap((server) =>
    linesOf(server)
      .map(({ msg }) => msg)
      .filter((msg) => msg.includes("opened a newer link")),
  );
}

test("each pair has one link, whoever starts first, and after deaths in any order", async () => {
  const all = await mesh();
  await all.start(...banks);
  await all.start(...acceptors);
  await all.start(...coordinators);
  await all.linked();
  for (const names of [
    [...banks, ...coordinators, ...acceptors],
    ["bank-b", "c1", "acceptor-1"],
  ]) {
    await all.kill(...names);
    await all.start(...names);
    await all.linked();
  }
  expect(replaced(all)).toEqual([]);
});

test("any one coordinator is enough to find each other; a participant that comes back elsewhere is found there", async () => {
  const all = await mesh();
  await all.start("c2", ...banks, ...acceptors);
  await all.linked();
  await all.kill("c2", ...banks);
  await all.start("c1", ...banks);
  await all.linked();
  await all.kill("bank-b");
  await all.move("bank-b");
  await all.start("bank-b");
  await all.linked();
  expect(replaced(all)).toEqual([]);
});
