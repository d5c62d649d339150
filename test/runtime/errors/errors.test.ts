/** Reasons, their page and the error class. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { abortReasons } from "../../../protocols/index.ts";
import { aborts, code, exit, NemconError, reasons, type Reason } from "../../../runtime/errors/index.ts";
import { errorsPage, headings } from "./page.ts";

const page = new URL("../../../docs/errors.md", import.meta.url);

describe("docs/errors.md", () => {
  test("says what the tables say", async () => {
    await expect(errorsPage()).toMatchFileSnapshot(page.pathname);
  });

  test("has a heading for every reason, and none for anything else", () => {
    const wanted = [...Object.keys(reasons), ...Object.keys(aborts).map((reason) => `Abort: ${reason}`)];
    expect(headings(readFileSync(page, "utf8"))).toEqual(wanted);
  });
});

test("every abort reason of the protocols is explained, and nothing else", () => {
  expect(Object.keys(aborts).toSorted()).toEqual([...abortReasons].toSorted());
});

describe("the table", () => {
  test.each(Object.entries(reasons))("%s is retryable only where its exit code says so", (_reason, entry) => {
    expect(entry.retryable).toBe(entry.exit === exit.tryAgain);
    expect(entry.code).not.toBe(code.ok);
    expect(entry.code).not.toBe(code.aborted);
  });

  test.each<[Reason, number]>([
    ["USAGE", 64],
    ["JOURNAL_DAMAGED", 70],
    ["JOURNAL_SHORTENED", 70],
    ["WRITE_FAILED", 74],
    ["OVERLOADED", 75],
    ["CONFIG_INVALID", 78],
    ["DEADLINE_EXCEEDED", 2],
    ["INTERNAL", 1],
  ])("%s exits with %i", (reason, exitCode) => {
    expect(new NemconError(reason, "so it is").exitCode).toBe(exitCode);
  });
});

describe("an error", () => {
  test("carries its reason's code and its own retry hint", () => {
    const error = new NemconError("OVERLOADED", "the queue is full", { retryAfterMs: 20 });
    expect(error).toMatchObject({ reason: "OVERLOADED", code: 8, exitCode: 75, retryable: true, retryAfterMs: 20 });
  });

  test("unforeseen becomes INTERNAL and keeps its cause", () => {
    const cause = new TypeError("no");
    const error = NemconError.from(cause);
    expect(error).toMatchObject({ reason: "INTERNAL", cause });
    expect(NemconError.from(error)).toBe(error);
  });

  test("of an unknown reason from the wire is INTERNAL and names it", () => {
    expect(NemconError.fromWire("NOT_YET_INVENTED", "why").message).toContain("NOT_YET_INVENTED");
    expect(NemconError.fromWire("NOT_MINE", "why").reason).toBe("NOT_MINE");
  });
});
