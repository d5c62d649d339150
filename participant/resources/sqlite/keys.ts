/** Values as lock keys: two values get one text exactly where SQLite calls them equal under a collation. */

import type { Value } from "../../../runtime/values/index.ts";
import type { Collation } from "./schema.ts";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

export function keyOf(value: Value, collation: Collation): string {
  if (value === null) return "n";
  if (typeof value === "bigint") return `i${value}`;
  if (typeof value === "number") return numberKey(value);
  if (typeof value === "string") return `t${textKey(value, collation)}`;
  return `b${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}`;
}

/** 1.0 equals 1, and -0.0 equals 0, in every column without a type. */
function numberKey(value: number): string {
  if (!Number.isInteger(value)) return `r${value}`;
  const whole = BigInt(value);
  return whole >= INT64_MIN && whole <= INT64_MAX ? `i${whole}` : `r${value}`;
}

function textKey(text: string, collation: Collation): string {
  if (collation === "RTRIM") return text.replace(/ +$/, "");
  if (collation === "BINARY") return text;
  // SQLite's NOCASE stops at a NUL and then goes by length alone.
  const end = text.indexOf("\0");
  const folded = (end === -1 ? text : text.slice(0, end)).replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return end === -1 ? folded : `${folded}\0${Buffer.byteLength(text)}`;
}

/** A key of several values. Texts are escaped, so that no two keys of unequal values meet. */
export function keysOf(values: readonly Value[], collations: readonly Collation[]): string {
  let keys = "";
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] ?? null;
    const key = keyOf(value, collations[at] ?? "BINARY");
    keys += at > 0 ? "," : "";
    keys += typeof value === "string" && /[\\,]/.test(key) ? key.replaceAll(/[\\,]/g, String.raw`\$&`) : key;
  }
  return keys;
}

/** NaN can't be stored and no two values differ: equal to the bit, as SQLite's `typeof` and content go. */
export function isSame(a: Value, b: Value): boolean {
  if (typeof a !== "object" || typeof b !== "object") return Object.is(a, b);
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
}
