/** Every command explains itself, with examples. */

import { expect, test } from "vitest";
import { nemcon } from "./nemcon.ts";

const commands = [
  [],
  ["dev"],
  ["coordinator"],
  ["participant"],
  ["acceptor"],
  ["bench"],
  ["explore"],
  ["check"],
  ["doctor"],
  ["tx"],
  ["tx", "submit"],
  ["tx", "begin"],
  ["tx", "exec"],
  ["tx", "commit"],
  ["tx", "abort"],
  ["tx", "show"],
  ["tx", "list"],
  ["tx", "watch"],
  ["operator"],
  ["operator", "in-doubt"],
  ["operator", "resolve"],
  ["operator", "forget"],
  ["operator", "reconfigure"],
];

test.concurrent.each(commands.map((words) => [words.join(" ") || "nemcon", words] as const))(
  "%s --help has examples, and says nothing on stderr",
  async (_name, words) => {
    const { code, stdout, stderr } = await nemcon([...words, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("--json");
    expect(stdout.slice(stdout.indexOf("Examples:"))).toMatch(
      new RegExp(`^Examples:\n(  # .+\n  \\$ .*${["nemcon", ...words].join(" ")}.*\n)+`),
    );
  },
);

test("the overview names every command", async () => {
  const { stdout } = await nemcon(["--help"]);
  for (const name of [
    "dev",
    "coordinator",
    "participant",
    "acceptor",
    "tx",
    "operator",
    "bench",
    "explore",
    "check",
    "doctor",
  ])
    expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
});

test("help in front of a command is the same as --help behind it", async () => {
  const [before, behind] = await Promise.all([nemcon(["help", "tx", "submit"]), nemcon(["tx", "submit", "--help"])]);
  expect(before).toEqual(behind);
});

test("planted faults are not in the help", async () => {
  expect((await nemcon(["coordinator", "--help"])).stdout).not.toContain("kill");
});

test("the version is the package's", async () => {
  const { code, stdout } = await nemcon(["--version"]);
  expect({ code, stdout: stdout.trim() }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
});
