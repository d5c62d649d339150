/** JSON gives back what it was made from, and refuses what it can't hold. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  documentFromJson,
  documentToJson,
  operationFromJson,
  parseJson,
  valueFromJson,
  valueToJson,
  type TransactionDocument,
} from "../../cli/json.ts";
import { NemconError } from "../../runtime/errors/index.ts";
import type { Value } from "../../runtime/values/index.ts";

const text = fc.string({ unit: "grapheme" });
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double(),
  text,
  fc.uint8Array({ maxLength: 40 }),
);
const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/);
const plain = { noNullPrototype: true } as const;
const document: fc.Arbitrary<TransactionDocument> = fc.record(
  {
    protocol: fc.option(name),
    timeoutMs: fc.option(fc.nat()),
    branches: fc.array(
      fc.record(
        {
          participant: name,
          operations: fc.array(
            fc.record(
              {
                kind: fc.constant("sql" as const),
                statement: fc.string({ unit: "grapheme", minLength: 1 }),
                parameters: fc.oneof(fc.array(value), fc.dictionary(name, value, plain)),
                expectRows: fc.option(fc.maxSafeNat()),
              },
              plain,
            ),
          ),
        },
        plain,
      ),
    ),
  },
  plain,
);

/** Through text, as it travels. */
function travelled(json: unknown): unknown {
  return parseJson(JSON.stringify(json), "document");
}

test("every value comes back as it was", () => {
  fc.assert(
    fc.property(value, (given) => {
      expect(valueFromJson(travelled(valueToJson(given)), "value")).toStrictEqual(given);
    }),
  );
});

test("every transaction comes back as it was", () => {
  fc.assert(
    fc.property(document, (given) => {
      expect(documentFromJson(travelled(documentToJson(given)))).toStrictEqual(given);
    }),
  );
});

describe("a value", () => {
  test.each<[json: string, value: Value]>([
    ["1", 1n],
    ["-9007199254740993", -9007199254740993n],
    ["9223372036854775807", 2n ** 63n - 1n],
    ['{"integer":"-9223372036854775808"}', -(2n ** 63n)],
    ["0.5", 0.5],
    ["1e300", 1e300],
    ['{"real":1}', 1],
    ['{"real":100000000000000000000}', 1e20],
    ['{"real":"-Infinity"}', -Infinity],
    ['"1"', "1"],
    ['{"blob":"AP8="}', new Uint8Array([0, 255])],
    ["null", null],
  ])("%s is read whole", (json, expected) => {
    expect(valueFromJson(parseJson(json, "value"), "value")).toStrictEqual(expected);
  });

  test.each<[json: string, why: RegExp]>([
    ["true", /no booleans: write 1/],
    ["9223372036854775808", /does not fit into 64 bits/],
    ['{"integer":"9223372036854775808"}', /does not fit into 64 bits/],
    ['{"integer":"1.5"}', /expected a whole number/],
    ['{"integer":1}', /write the integer as text/],
    ['{"blob":"AP8"}', /not base64/],
    ['{"blob":"A*=="}', /not base64/],
    ['{"real":"big"}', /expected a number or one of/],
    ['{"real":1,"integer":"1"}', /expected one of/],
    ["{}", /expected a value/],
    ["[1]", /expected an object with integer, real, blob/],
    ['{"intger":"1"}', /value\.intger: unknown key; did you mean integer\?/],
    ['"\\ud800"', /surrogate/],
  ])("%s is refused", (json, why) => {
    expect(() => valueFromJson(parseJson(json, "value"), "value")).toThrow(why);
  });

  test("an integer that has lost digits before it came here is refused", () => {
    expect(() => valueFromJson(2 ** 60, "value")).toThrow(/may have lost digits/);
  });
});

describe("a document is refused with its place:", () => {
  test.each<[json: string, why: RegExp]>([
    ["[]", /the document: expected an object with protocol, timeout, branches/],
    ['{"branch":[]}', /branch: unknown key; did you mean branches\?/],
    ["{}", /branches: expected a list of branches, got nothing/],
    ['{"branches":[{"participant":"a"}]}', /branches\[0\]\.operations: expected a list of operations/],
    ['{"branches":[{"participant":"","operations":[]}]}', /branches\[0\]\.participant: expected text/],
    [
      '{"branches":[{"participant":"a","operations":[{"sq":""}]}]}',
      /branches\[0\]\.operations\[0\]\.sq: unknown key; did you mean sql\?/,
    ],
    [
      '{"branches":[{"participant":"a","operations":[{"sql":"x","parameters":[true]}]}]}',
      /operations\[0\]\.parameters\[0\]: SQLite has no booleans/,
    ],
    [
      '{"branches":[{"participant":"a","operations":[{"sql":"x","parameters":{"n":[]}}]}]}',
      /operations\[0\]\.parameters\.n: expected an object/,
    ],
    [
      '{"branches":[{"participant":"a","operations":[{"sql":"x","expect":{"rows":-1}}]}]}',
      /expect\.rows: expected a whole number/,
    ],
    ['{"timeout":1.5,"branches":[]}', /timeout: expected a whole number/],
    ["{", /not JSON/],
  ])("%s", (json, why) => {
    expect(() => documentFromJson(parseJson(json, "document"))).toThrow(why);
    expect(() => documentFromJson(parseJson(json, "document"))).toThrow(NemconError);
  });

  test("a named parameter may have any name", () => {
    const operation = operationFromJson(parseJson('{"sql":"x","parameters":{"__proto__":1,"constructor":2}}', ""), "");
    expect(Object.entries(operation.parameters)).toEqual([
      ["__proto__", 1n],
      ["constructor", 2n],
    ]);
  });
});
