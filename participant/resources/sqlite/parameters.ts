/** How the parameters of an operation become what better-sqlite3 binds: `?1` does not bind by position there. */

import type { SqlOperation, Value } from "../../../runtime/values/index.ts";
import { Refusal } from "./refusal.ts";
import type { Token } from "./tokens.ts";

/** Values for nameless parameters in their order, values for named ones. */
export interface Bound {
  readonly nameless: readonly Value[];
  readonly named: Readonly<Record<string, Value>>;
  /** By SQLite's parameter number less one. */
  readonly values: readonly Value[];
}

interface Slots {
  /** One entry for each of SQLite's parameter numbers: the name as written, or null for `?` and for a number never written. */
  readonly names: readonly (string | null)[];
  readonly indexOf: ReadonlyMap<Token, number>;
  readonly isNameless: boolean;
}

const known = new WeakMap<readonly Token[], Slots>();

/** Once for the tokens of a text. @throws Refusal */
function slotsOf(tokens: readonly Token[]): Slots {
  const slots = known.get(tokens) ?? readSlots(tokens);
  known.set(tokens, slots);
  return slots;
}

function readSlots(tokens: readonly Token[]): Slots {
  const names: (string | null)[] = [];
  const indexOf = new Map<Token, number>();
  for (const token of tokens) {
    if (token.kind !== "parameter") continue;
    const number = /^\?(\d+)$/.exec(token.text)?.[1];
    const same = token.text === "?" ? -1 : names.indexOf(token.text);
    const index = number === undefined ? (same === -1 ? names.length : same) : Number(number) - 1;
    if (index > 32_765)
      throw new Refusal("STATEMENT_FAILED", `The parameter ${token.text} is past SQLite's last, ?32766.`);
    while (names.length <= index) names.push(null);
    if (token.text !== "?") names[index] = token.text;
    indexOf.set(token, index);
  }
  return { names, indexOf, isNameless: names.every((name) => name === null) };
}

/** Which of `Bound.values` a parameter token of the statement stands for; -1: it is none of them. @throws Refusal */
export function indexOfParameter(tokens: readonly Token[], token: Token): number {
  return slotsOf(tokens).indexOf.get(token) ?? -1;
}

/** @throws Refusal STATEMENT_FAILED where count or names do not fit */
export function bind(operation: SqlOperation, tokens: readonly Token[]): Bound {
  const { names, isNameless } = slotsOf(tokens);
  const values = isList(operation.parameters)
    ? byPosition(operation.parameters, names)
    : byName(operation.parameters, names);
  if (isNameless) return { nameless: values, named: NONE, values };
  const nameless: Value[] = [];
  const named: Record<string, Value> = {};
  for (const [index, name] of names.entries()) {
    const value = values[index] ?? null;
    if (name === null) nameless.push(value);
    else named[name.slice(1)] = value;
  }
  return { nameless, named, values };
}

const NONE: Readonly<Record<string, Value>> = {};

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
