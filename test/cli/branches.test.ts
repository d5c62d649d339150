/** `--on PARTICIPANT SQL` and the options that belong to it. */

import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { Branches } from "../../cli/tx/branches.ts";

function branches(...args: string[]) {
  const command = new Command().exitOverride();
  const taken = Branches.addTo(command);
  command.parse(args, { from: "user" });
  return taken.taken();
}

const statement = { kind: "sql", parameters: [], expectRows: null };

test("statements are grouped by participant, in their order", () => {
  expect(branches("--on", "a", "one", "--on", "b", "two", "--on", "a", "three")).toEqual([
    {
      participant: "a",
      operations: [
        { ...statement, statement: "one" },
        { ...statement, statement: "three" },
      ],
    },
    { participant: "b", operations: [{ ...statement, statement: "two" }] },
  ]);
});

test("parameters and the row count belong to the statement before", () => {
  expect(
    branches(
      "--on",
      "a",
      "one",
      "--parameters",
      "[1]",
      "--on",
      "a",
      "two",
      "--expect-rows",
      "2",
      "--parameters",
      '{"n":"x"}',
    ),
  ).toEqual([
    {
      participant: "a",
      operations: [
        { ...statement, statement: "one", parameters: [1n] },
        { ...statement, statement: "two", parameters: { n: "x" }, expectRows: 2 },
      ],
    },
  ]);
});

describe("is refused:", () => {
  test.each<[args: string[], why: RegExp]>([
    [["--on", "a"], /two words/],
    [["--on", "a", "one", "b"], /"b" stands alone/],
    [["--on", "a", "--parameters", "[]"], /belongs after/],
    [["--expect-rows", "1"], /belongs after/],
    [["--on", "a", "one", "--expect-rows", "-1"], /whole number/],
    [["--on", "a", "one", "--parameters", "1"], /expected a list/],
  ])("%j", (args, why) => {
    expect(() => branches(...args)).toThrow(why);
  });
});
