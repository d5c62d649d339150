/** Acceptors as processes: linked with all who need them, and refused when their memory is gone. */

import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cluster, eventually, type Server } from "./processes.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.open({ banks: 3, acceptors: 3 });
  await cluster.start();
});
afterAll(() => cluster.close());

test("everybody is linked with whom it needs: participants were told of coordinators only", async () => {
  await cluster.meshed();
  for (const { name, stderr } of cluster.servers) expect(stderr, name).not.toContain("SESSION_REPLACED");
  for (const acceptor of cluster.acceptors)
    expect(cluster.knownTo(acceptor)).toEqual(["bank-a", "bank-b", "bank-c", "c"]);
});

describe("an acceptor whose memory is gone is refused", () => {
  const [victim] = [2];

  async function startedWith(change: (directory: string, copy: string) => void): Promise<Server> {
    const server = cluster.acceptors[victim ?? 0];
    if (server === undefined) throw new Error("no acceptor");
    const [directory, copy] = [join(cluster.directory, server.name), join(cluster.directory, "kept")];
    await server.kill();
    cpSync(directory, copy, { recursive: true });
    change(directory, copy);
    await server.start();
    return server;
  }

  async function putBack(server: Server): Promise<void> {
    const [directory, copy] = [join(cluster.directory, server.name), join(cluster.directory, "kept")];
    await server.kill();
    rmSync(directory, { recursive: true });
    cpSync(copy, directory, { recursive: true });
    rmSync(copy, { recursive: true });
    await server.start();
  }

  test("an empty directory: peers know another journal under that name, and it ends when it hears so", async () => {
    const server = await startedWith((directory) => rmSync(directory, { recursive: true }));
    expect(await server.ended).toEqual({ code: 78, signal: null });
    expect(server.stderr).toContain("acceptor-3 comes back with another journal");
    await putBack(server);
  });

  test("the directory of another acceptor: its name does not fit", async () => {
    const server = cluster.acceptors[victim ?? 0];
    const other = cluster.acceptors[0];
    if (server === undefined || other === undefined) throw new Error("no acceptor");
    await other.kill();
    const failed = await startedWith((directory) => {
      rmSync(directory, { recursive: true });
      cpSync(join(cluster.directory, other.name), directory, { recursive: true });
    });
    expect(failed.isAlive).toBe(false);
    expect(`${failed.stdout}${failed.stderr}`).toContain("JOURNAL_FOREIGN");
    await putBack(server);
    await other.start();
  });
});
