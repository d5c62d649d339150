/** Exit codes and error messages, as scripts see them. */

import { describe, expect, test } from "vitest";
import { report } from "../../cli/exit.ts";
import { Output } from "../../cli/output.ts";
import { run } from "../../cli/program.ts";
import { Shell } from "../../cli/shell.ts";
import { nemcon } from "./nemcon.ts";

type Row = readonly [args: readonly string[], code: number, reason: string, message: RegExp];

const rows: readonly Row[] = [
  [["coordinatr"], 64, "USAGE", /Did you mean coordinator\?/],
  [["zebra"], 64, "USAGE", /There is dev, coordinator/],
  [["tx", "sbmit"], 64, "USAGE", /did you mean submit\?/],
  [["--versoin"], 64, "USAGE", /did you mean --version\?/],
  [["dev", "--prot", "1"], 64, "USAGE", /did you mean --port\?/],
  [["dev", "--port", "70000"], 64, "USAGE", /whole number from 0 to 65535/],
  [["dev", "extra"], 64, "USAGE", /Too many arguments/],
  [["bench", "--only", "zebra"], 64, "USAGE", /there is streamed, /],
  [["bench", "--only", "storage"], 64, "USAGE", /--only streamed,storage/],
  [["bench", "--seconds", "0"], 64, "USAGE", /0\.1 to 600/],
  [["bench", "--write", "no-such-directory/page.md"], 64, "USAGE", /can't be written/],
  [["explore"], 64, "USAGE", /--spec tcommit.two-phase.paxos-commit, or --protocol 2pc/],
  [["explore", "--spec", "zebra"], 64, "USAGE", /tcommit, two-phase, paxos-commit/],
  [["explore", "--protocol", "2pc", "--acceptors", "3"], 64, "USAGE", /2pc has none/],
  [["explore", "--protocol", "2pc", "--spec", "two-phase"], 64, "USAGE", /Either/],
  [["explore", "--spec", "two-phase", "--crashes", "1"], 64, "USAGE", /for the shipped machines/],
  [["explore", "--protocol", "2pc", "--losses", "any", "--duplicates", "1"], 64, "USAGE", /any may come twice/],
  [["explore", "--spec", "tcommit", "--rms", "0"], 64, "USAGE", /at least 1/],
  [["explore", "--spec", "two-phase", "--acceptors", "3"], 64, "USAGE", /two-phase has no acceptors/],
  [["explore", "--spec", "paxos-commit", "--quorum", "4"], 64, "USAGE", /3 acceptors/],
  [["doctor", "--role", "cook"], 64, "USAGE", /coordinator, participant/],
  [["doctor", "--config", "x.yaml"], 64, "USAGE", /--config needs --role/],
  [["doctor", "--accept"], 64, "USAGE", /--accept needs --journal/],
  [["tx", "show"], 64, "USAGE", /Missing required argument 'id'/],
  [["tx", "list", "--limit", "0"], 64, "USAGE", /at least 1/],
  [["tx", "submit"], 64, "USAGE", /What should run\?/],
  [["tx", "submit", "no-such-file.json"], 64, "USAGE", /no-such-file\.json cannot be read/],
  [["tx", "submit", "--on", "bank-a"], 64, "USAGE", /"bank-a" stands alone/],
  [
    ["tx", "submit", "--on", "a", "x", "--parameters", "[true]"],
    64,
    "INVALID_REQUEST",
    /--parameters\[0\]: SQLite has no booleans/,
  ],
  [["tx", "submit", "--parameters", "[]"], 64, "USAGE", /belongs after an --on/],
  [["tx", "watch", "--coordinator", "127.0.0.1:1"], 75, "COORDINATOR_UNREACHABLE", /127\.0\.0\.1:1/],
  [["tx", "watch", "c.0001.00000001", "--coordinator", "127.0.0.1:1"], 75, "COORDINATOR_UNREACHABLE", /127\.0\.0\.1:1/],
  [["tx", "list", "--coordinator", "127.0.0.1:1"], 75, "COORDINATOR_UNREACHABLE", /127\.0\.0\.1:1/],
  [["tx", "submit", "--on", "a", "x", "--coordinator", "127.0.0.1:1"], 75, "COORDINATOR_UNREACHABLE", /127\.0\.0\.1:1/],
  [["coordinator"], 78, "CONFIG_INVALID", /node: missing.*\n.*directory: missing/],
  [["coordinator", "--config", "no-such-file.yaml"], 78, "CONFIG_UNREADABLE", /no-such-file\.yaml/],
  [
    ["coordinator", "--node", "c", "--directory", "d", "--listen", "0.0.0.0:0"],
    78,
    "ADDRESS_NOT_LOOPBACK",
    /0\.0\.0\.0/,
  ],
  [
    ["coordinator", "--node", "c", "--directory", "d", "--listen", "0.0.0.0:0", "--fault-kill-before-write", "1"],
    78,
    "FAULTS_NOT_ALLOWED",
    /0\.0\.0\.0/,
  ],
  [["coordinator", "--fault-kill-after-write", "0"], 64, "USAGE", /counted from 1/],
  [
    ["participant", "--node", "1", "--times-idle-ms", "x"],
    78,
    "CONFIG_INVALID",
    /--node: .*\n(.*\n)*.*--times-idle-ms: times\.idleMs/,
  ],
  [["doctor", "--journal", "no-such-directory"], 78, "DATABASE_UNUSABLE", /no journal here/],
];

/** In this process: a child for each would take a minute. */
async function asJson(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  let stdout = "";
  const screen = { write: (text: string) => void (stdout += text) };
  const output = new Output({ json: true, stdout: screen, stderr: { write: () => undefined }, environment: {} });
  const shell = new Shell(output);
  try {
    await run([...args, "--json"], shell);
    return { code: shell.exitCode, stdout };
  } catch (thrown) {
    return { code: report(thrown, output), stdout };
  }
}

describe.concurrent.each(rows.map((row) => [row[0].join(" "), ...row] as const))(
  "nemcon %s",
  (_name, args, code, reason, message) => {
    test("says on stderr what is wrong, and exits so that scripts can tell", async () => {
      const finished = await nemcon(args);
      expect(finished).toMatchObject({ code, stdout: "" });
      expect(finished.stderr).toContain(`nemcon: ${reason}: `);
      expect(finished.stderr).toMatch(message);
    });

    test("says the same as JSON", async () => {
      const finished = await asJson(args);
      expect(finished.code).toBe(code);
      const { error } = JSON.parse(finished.stdout) as { error: { reason: string; message: string } };
      expect(error.reason).toBe(reason);
      expect(error.message).toMatch(message);
    });
  },
);

test("with --json an error is on stdout and nothing on stderr", async () => {
  const { code, stdout, stderr } = await nemcon(["tx", "submit", "--json"]);
  expect({ code, stderr }).toEqual({ code: 64, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ error: { reason: "USAGE" } });
});

test.each([[[]], [["tx"]]])(
  "nemcon %j without a command shows the help and exits 64",
  async (args: readonly string[]) => {
    const { code, stdout, stderr } = await nemcon(args);
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toContain("Examples:");
  },
);

test("what follows -- is no option of ours", async () => {
  const { stdout, stderr } = await nemcon(["tx", "show", "--", "a", "--json"]);
  expect(stdout).toBe("");
  expect(stderr).toContain("USAGE");
});

test("the environment names the coordinator", async () => {
  const { code, stderr } = await nemcon(["tx", "list"], { environment: { NEMCON_COORDINATOR: "127.0.0.1:2" } });
  expect(code).toBe(75);
  expect(stderr).toContain("127.0.0.1:2");
});
