/** Where things are printed, and when in colour. */

import { afterEach, describe, expect, test, vi } from "vitest";
import { Output, table } from "../../cli/output.ts";

class Screen {
  text = "";
  readonly isTTY: boolean;
  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.text += text;
  }
}

function output(isTTY: boolean, environment: Readonly<Record<string, string>> = {}, json = false) {
  const [stdout, stderr] = [new Screen(isTTY), new Screen(isTTY)];
  return { stdout, stderr, output: new Output({ json, stdout, stderr, environment }) };
}

describe("colour", () => {
  test("is there on a terminal", () => {
    expect(output(true).output.style("red", "no")).toBe("\u001b[31mno\u001b[39m");
  });

  test.each<[why: string, isTTY: boolean, environment: Record<string, string>]>([
    ["no terminal", false, {}],
    ["NO_COLOR", true, { NO_COLOR: "1" }],
    ["a dumb terminal", true, { TERM: "dumb" }],
    ["no terminal, whatever FORCE_COLOR says", false, { FORCE_COLOR: "1" }],
  ])("is not there with %s", (_why, isTTY, environment) => {
    expect(output(isTTY, environment).output.style("red", "no")).toBe("no");
  });

  test("an empty NO_COLOR says nothing", () => {
    expect(output(true, { NO_COLOR: "" }).output.style("red", "no")).not.toBe("no");
  });
});

test("with --json stdout has documents only", () => {
  const { stdout, stderr, output: out } = output(false, {}, true);
  out.answer("for people");
  out.document({ one: 1 });
  out.note("beside it");
  expect(stdout.text).toBe('{"one":1}\n');
  expect(stderr.text).toBe("beside it\n");
});

async function waiting(isTTY: boolean, ms: number): Promise<string> {
  vi.useFakeTimers();
  const { stderr, output: out } = output(isTTY);
  const { promise, resolve } = Promise.withResolvers<void>();
  const shown = out.progress("waiting", promise);
  vi.advanceTimersByTime(ms);
  resolve();
  await shown;
  return stderr.text;
}

describe("progress", () => {
  afterEach(() => vi.useRealTimers());

  test("shows after a second on a terminal, and is wiped", async () => {
    const text = await waiting(true, 2100);
    expect(text).toContain("waiting … 2 s");
    expect(text.endsWith("\r\u001b[K")).toBe(true);
  });

  test("shows nothing before, and nothing where there is no terminal", async () => {
    expect(await waiting(true, 900)).toBe("");
    expect(await waiting(false, 5000)).toBe("");
  });
});

test("a table is aligned, without spaces at its ends", () => {
  expect(
    table(
      ["A", "BB"],
      [
        ["long", ""],
        ["x", "y"],
      ],
    ),
  ).toBe("A     BB\nlong\nx     y");
});
