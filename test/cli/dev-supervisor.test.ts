/** The supervisor of `nemcon dev`: what is held stays down, what dies comes back, what is stopped stays stopped. */

import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Supervisor } from "../../cli/dev/supervisor.ts";
import { freshDirectory } from "./nemcon.ts";

const name = "coordinator-1";

/** A supervised coordinator; `events` has what the supervisor told. */
async function supervised() {
  const directory = freshDirectory();
  const events: string[] = [];
  const back = Promise.withResolvers<number>();
  const supervisor = new Supervisor({
    died: (who, how) => void events.push(`${who} died: ${how}`),
    back: (_who, pid) => back.resolve(pid),
  });
  onTestFinished(() => supervisor.stop());
  const args = ["coordinator", "--node", name, "--listen", "127.0.0.1:0", "--directory", join(directory, name)];
  const pid = await supervisor.start({ name, args, logFile: join(directory, "log") });
  return { supervisor, pid, events, back: back.promise };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a held server is down until it is released; to release it twice starts one", async () => {
  const { supervisor, pid, events } = await supervised();
  await supervisor.hold(name);
  expect([isAlive(pid), supervisor.pid(name)]).toEqual([false, null]);
  const next = await supervisor.release(name);
  expect(await supervisor.release(name)).toBe(next);
  expect([isAlive(next), next === pid, events]).toEqual([true, false, []]);
});

test("a server that is killed by others comes back", async () => {
  const { pid, events, back } = await supervised();
  process.kill(pid, "SIGKILL");
  expect(isAlive(await back)).toBe(true);
  expect(events).toEqual([`${name} died: SIGKILL`]);
});

test("stop ends all, and nothing is started after it", async () => {
  const { supervisor, pid } = await supervised();
  await supervisor.hold(name);
  await supervisor.stop();
  await supervisor.release(name);
  expect([isAlive(pid), supervisor.pids()]).toEqual([false, { [name]: null }]);
});
