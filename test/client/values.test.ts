/** Values of JavaScript as SQL values, and back. */
import { describe, expect, test } from "vitest";
import { operationMessage, real, Result, resultOf, type Parameter, type Value } from "../../client/values.ts";
import { resultToProto, type OutcomeMessageRead } from "../../runtime/link/index.ts";
import type { Value as HouseValue } from "../../runtime/values/index.ts";
import { NemconError } from "../../runtime/errors/index.ts";

const sent = (value: Parameter): unknown => operationMessage({ sql: "?", parameters: [value] }).sql?.parameters?.[0];

describe("a parameter", () => {
  test.each<[what: string, value: Parameter, message: unknown]>([
    ["a whole number is INTEGER", 1, { integer: 1 }],
    ["so is 1.0, which is the same number", 1.0, { integer: 1 }],
    ["real(1) is REAL", real(1), { real: 1 }],
    ["a number with a fraction is REAL", 1.5, { real: 1.5 }],
    ["a number past the safe integers is REAL, as it may not be exact", 2 ** 60, { real: 2 ** 60 }],
    ["infinity is REAL", Infinity, { real: Infinity }],
    ["a bigint keeps all 64 bits", -(2n ** 63n), { integer: "-9223372036854775808" }],
    ["true is 1", true, { integer: 1 }],
    ["false is 0", false, { integer: 0 }],
    ["null is NULL", null, { null: true }],
    ["a string is TEXT", "x", { text: "x" }],
    ["bytes are a BLOB", new Uint8Array([1]), { blob: new Uint8Array([1]) }],
  ])("%s", (_what, value, message) => {
    expect(sent(value)).toEqual(message);
  });

  test("has its name without the sign", () => {
    const { sql } = operationMessage({ sql: ":a", parameters: { a: 1 }, expect: { rows: 2 } });
    expect(sql).toMatchObject({ namedParameters: { a: { integer: 1 } }, expect: { rows: 2 } });
  });

  test.each<[what: string, value: unknown]>([
    ["undefined", undefined],
    ["NaN", NaN],
    ["NaN as REAL", real(NaN)],
    ["a date", new Date(0)],
    ["an integer of 65 bits", 2n ** 63n],
  ])("is refused where SQLite can't hold it: %s", (_what, value) => {
    expect(() => sent(value as Parameter)).toThrow(NemconError);
  });
});

type ResultMessage = OutcomeMessageRead["branches"][number]["results"][number];

function back(value: HouseValue, bigints: boolean): Value | undefined {
  const { rows = [] } = resultToProto({ rowsAffected: 1, columns: ["v"], rows: [[value]] });
  const [sentValue] = rows[0]?.values ?? [];
  const kind = Object.keys(sentValue ?? {})[0];
  const message = { rowsAffected: "1", columns: ["v"], rows: [{ values: [{ ...sentValue, kind }] }] };
  return resultOf(message as ResultMessage, bigints).rows[0]?.[0];
}

describe("a result", () => {
  test.each<[value: HouseValue, plain: Value, withBigints: Value]>([
    [1n, 1, 1n],
    [2n ** 53n - 1n, 2 ** 53 - 1, 2n ** 53n - 1n],
    [2n ** 53n, 2n ** 53n, 2n ** 53n],
    [-(2n ** 63n), -(2n ** 63n), -(2n ** 63n)],
    [1.5, 1.5, 1.5],
    [null, null, null],
    ["x", "x", "x"],
    [new Uint8Array([1, 2]), new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  ])("%s comes back as %s, with bigints as %s", (value, plain, withBigints) => {
    expect([back(value, false), back(value, true)]).toEqual([plain, withBigints]);
  });

  test("gives its rows as objects, too", () => {
    const result = new Result(
      2,
      ["a", "b", "a"],
      [
        [1, "x", 3],
        [4, null, 6],
      ],
    );
    expect(result.objects()).toEqual([
      { a: 3, b: "x" },
      { a: 6, b: null },
    ]);
  });
});
