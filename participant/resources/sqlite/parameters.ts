/** How the parameters of an operation become what better-sqlite3 binds: `?1` does not bind by position there. */

import type { SqlOperation, Value } from "../../../runtime/values/index.ts";
import { Refusal } from "./refusal.ts";
import type { Token } from "./tokens.ts";

/** Values for nameless parameters in their order, values for named ones. */
export interface Bound {
  readonly nameless: readonly Value[];
  readonly named: Readonly<Record<string, Value>>;
  /** The value of a parameter token of the statement, undefined where it has none. */
  valueOf(token: Token): Value | undefined;
}

/** One entry for each of SQLite's parameter numbers: the name as written, or null for `?` and for a number never written. */
function slotsOf(tokens: readonly Token[]): { slots: (string | null)[]; indexOf: Map<Token, number> } {
  const slots: (string | null)[] = [];
  const indexOf = new Map<Token, number>();
  for (const token of tokens) {
    if (token.kind !== "parameter") continue;
    const number = /^\?(\d+)$/.exec(token.text)?.[1];
    const known = token.text === "?" ? -1 : slots.indexOf(token.text);
    const index = number === undefined ? (known === -1 ? slots.length : known) : Number(number) - 1;
    if (index > 32_765)
      throw new Refusal("STATEMENT_FAILED", `The parameter ${token.text} is past SQLite's last, ?32766.`);
    while (slots.length <= index) slots.push(null);
    if (token.text !== "?") slots[index] = token.text;
    indexOf.set(token, index);
  }
  return { slots, indexOf };
}

/** @throws Refusal STATEMENT_FAILED where count or names do not fit */
export function bind(operation: SqlOperation, tokens: readonly Token[]): Bound {
  const { slots, indexOf } = slotsOf(tokens);
  const values = isList(operation.parameters)
    ? byPosition(operation.parameters, slots)
    : byName(operation.parameters, slots);
  const nameless: Value[] = [];
  const named: Record<string, Value> = {};
  for (const [index, slot] of slots.entries()) {
    const value = values[index] ?? null;
    if (slot === null) nameless.push(value);
    else named[slot.slice(1)] = value;
  }
  return {
    nameless,
    named,
    valueOf: (token) => {
      const index = indexOf.get(token);
      return index === undefined ? undefined : (values[index] ?? null);
    },
  };
}

function isList(parameters: SqlOperation["parameters"]): parameters is readonly Value[] {
  return Array.isArray(parameters);
}

function byPosition(given: readonly Value[], slots: readonly (string | null)[]): readonly Value[] {
  if (given.length !== slots.length)
    throw new Refusal(
      "STATEMENT_FAILED",
      `The statement has ${slots.length} parameter(s) and ${given.length} value(s) came with it. Send one value for each.`,
    );
  return given;
}

function byName(given: Readonly<Record<string, Value>>, slots: readonly (string | null)[]): readonly Value[] {
  const wanted = new Set<string>();
  const values = slots.map((slot) => {
    if (slot === null)
      throw new Refusal(
        "STATEMENT_FAILED",
        "The statement has a parameter without a name and the values came by name. Send them as a list.",
      );
    const name = slot.slice(1);
    wanted.add(name);
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined) throw new Refusal("STATEMENT_FAILED", `No value came for the parameter ${slot}.`);
    return value;
  });
  const spare = Object.keys(given).filter((name) => !wanted.has(name));
  if (spare.length > 0)
    throw new Refusal("STATEMENT_FAILED", `The statement has no parameter named ${spare.join(", ")}.`);
  return values;
}
