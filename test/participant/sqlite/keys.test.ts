/** Lock keys against SQLite's own comparison, and redo bytes against themselves. */

import SqliteDatabase from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { keyOf, keysOf } from "../../../participant/resources/sqlite/keys.ts";
import { modes } from "../../../participant/resources/sqlite/locks.ts";
import { packRedo, type Redo, unpackRedo } from "../../../participant/resources/sqlite/redo.ts";
import { withoutForeignKeys } from "../../../participant/resources/sqlite/replay.ts";
import { tokensOf } from "../../../participant/resources/sqlite/tokens.ts";
import type { Value } from "../../../runtime/values/index.ts";
import { showResult } from "./plain.ts";

const text = fc.oneof(
  fc.constantFrom("a", "A", "a ", "A  ", "a\0", "a\0b", "A\0c", "a\0bc", "ä", "Ä", "", " ", "\0", "\0 ", "K", "\u212A"),
  fc.string({ unit: "grapheme" }),
);
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(
    1n,
    1,
    1.5,
    0n,
    0,
    -0,
    2n ** 53n + 1n,
    2 ** 53,
    2n ** 63n - 1n,
    2 ** 63,
    -(2n ** 63n),
    -(2 ** 63),
  ),
  fc.constantFrom<Value>(Infinity, -Infinity, 1e300, "1", "i1", "t1"),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true }),
  text,
  fc.uint8Array({ maxLength: 4 }),
);

test.each(["BINARY", "NOCASE", "RTRIM"] as const)(
  "two values have one key exactly where SQLite finds them equal: %s",
  (collation) => {
    const db = new SqliteDatabase(":memory:");
    const equal = db.prepare<[Value, Value], number>(`SELECT ? = ? COLLATE ${collation}`).pluck();
    const near = fc.oneof(
      fc.tuple(value, value),
      value.map((one): [Value, Value] => [one, one]),
      text.map((one): [Value, Value] => [one, one.toUpperCase()]),
      text.map((one): [Value, Value] => [one, `${one} `]),
      fc.integer().map((one): [Value, Value] => [BigInt(one), one]),
    );
    fc.assert(
      fc.property(near, ([a, b]) => {
        expect(keyOf(a, collation) === keyOf(b, collation)).toBe(equal.get(a, b) === 1);
      }),
      { numRuns: 2000 },
    );
    db.close();
  },
);

test("keys of several values are apart where any of them is", () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 3 }),
      fc.array(value, { minLength: 1, maxLength: 3 }),
      (a, b) => {
        const each = a.length === b.length && a.every((one, at) => keyOf(one, "BINARY") === keyOf(b[at]!, "BINARY"));
        expect(keysOf(a, []) === keysOf(b, [])).toBe(each);
      },
    ),
  );
});

const image = fc.option(fc.array(fc.oneof(value, fc.constant(null)), { minLength: 1, maxLength: 4 }), { nil: null });
const redo: fc.Arbitrary<Redo> = fc.record({
  signatures: fc.constant(
    new Map([
      ["t", "[…]"],
      ["ü", "x"],
    ]),
  ),
  rows: fc.array(
    fc.record({
      table: fc.constantFrom("t", "ü"),
      key: fc.array(value, { minLength: 1, maxLength: 2 }),
      before: image,
      after: image,
    }),
  ),
  marks: fc
    .dictionary(fc.string(), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }))
    .map((marks) => new Map(Object.entries(marks))),
  locks: fc.array(fc.record({ resource: text, mode: fc.constantFrom(...modes) })),
});

test("redo comes back as it was packed", () => {
  fc.assert(
    fc.property(redo, (given) => {
      const back = unpackRedo(packRedo(given, given.locks));
      expect([...back.signatures]).toEqual([...given.signatures]);
      expect([...back.marks]).toEqual([...given.marks]);
      expect(back.locks).toEqual(given.locks);
      expect(showResult(back.rows)).toBe(showResult(given.rows));
    }),
  );
});

test("redo cut short, or of another version, is unreadable", () => {
  const bytes = packRedo(
    {
      signatures: new Map([["t", "s"]]),
      rows: [{ table: "t", key: [1n], before: null, after: ["x"] }],
      marks: new Map([["t", 3n]]),
    },
    [{ resource: "r", mode: "own" }],
  );
  for (let length = 0; length < bytes.length; length += 1)
    expect(() => unpackRedo(bytes.subarray(0, length))).toThrow(/wanted|past/);
  expect(() => unpackRedo(Buffer.concat([Buffer.from([9]), bytes.subarray(1)]))).toThrow(/version 9/);
});

test.each([
  ["a INTEGER REFERENCES p", "a INTEGER"],
  ["a CONSTRAINT f REFERENCES p (x) ON DELETE SET NULL ON UPDATE NO ACTION NOT NULL", "a CONSTRAINT f NOT NULL"],
  ["a REFERENCES p MATCH FULL NOT DEFERRABLE INITIALLY IMMEDIATE UNIQUE", "a UNIQUE"],
  [
    "a, CONSTRAINT f FOREIGN KEY (a) REFERENCES p(x) DEFERRABLE INITIALLY DEFERRED, UNIQUE (a)",
    "a , CONSTRAINT f CHECK (1) , UNIQUE ( a )",
  ],
  ["a REFERENCES p ON DELETE CASCADE DEFAULT 'REFERENCES'", "a DEFAULT 'REFERENCES'"],
])("a schema without its references: %s", (columns, without) => {
  const bare = withoutForeignKeys(tokensOf(`CREATE TABLE t(${columns})`));
  expect(bare).toBe(`CREATE TABLE t ( ${without} )`);
  const db = new SqliteDatabase(":memory:");
  db.exec(bare);
  expect(db.pragma("foreign_key_list(t)")).toEqual([]);
  db.close();
});
