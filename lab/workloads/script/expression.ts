/** What stands behind `\set name`: whole numbers, text, earlier names, arithmetic, and draws from the workload's seed. */

import type { SeededRandom } from "../../random.ts";
import { Zipfian } from "../../random.ts";
import { wrongAt, type Where } from "./where.ts";

export type Value = number | string;

/** What one transaction draws with. */
export interface Scope {
  readonly random: SeededRandom;
  readonly values: Map<string, Value>;
  /** Kept from transaction to transaction, by the place in the file. */
  readonly kept: Map<string, unknown>;
}

export type Expression = (scope: Scope) => Value;

const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|'([^']*)'|:([A-Za-z_]\w*)|([A-Za-z_]\w*)|([-+*/%(),]))/y;

type Token =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text" | "variable" | "name" | "sign"; readonly text: string };

/** @param known names that were set before. @throws NemconError USAGE */
export function parseExpression(text: string, where: Where, known: ReadonlySet<string>): Expression {
  const parser = new Parser(tokensOf(text, where), where, known);
  return parser.all();
}

function tokensOf(text: string, where: Where): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const [, number, quoted, variable, name, sign] = TOKEN.exec(text) ?? [];
    if (number !== undefined) tokens.push({ kind: "number", value: Number(number) });
    else if (quoted !== undefined) tokens.push({ kind: "text", text: quoted });
    else if (variable !== undefined) tokens.push({ kind: "variable", text: variable });
    else if (name !== undefined) tokens.push({ kind: "name", text: name });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
    else throw wrongAt(where, `"${text.slice(from).trim()}" is no expression`);
  }
  return tokens;
}

class Parser {
  private readonly tokens: readonly Token[];
  private readonly where: Where;
  private readonly known: ReadonlySet<string>;
  private at = 0;

  constructor(tokens: readonly Token[], where: Where, known: ReadonlySet<string>) {
    this.tokens = tokens;
    this.where = where;
    this.known = known;
  }

  all(): Expression {
    const whole = this.sum();
    if (this.at < this.tokens.length) throw this.unexpected();
    return whole;
  }

  private sum(): Expression {
    return this.chain(["+", "-"], () => this.product());
  }

  private product(): Expression {
    return this.chain(["*", "/", "%"], () => this.single());
  }

  private chain(signs: readonly string[], next: () => Expression): Expression {
    let left = next();
    for (let sign = this.sign(signs); sign !== null; sign = this.sign(signs)) {
      const [a, b, operate] = [left, next(), operations[sign]];
      const { where } = this;
      left = (scope) => {
        const [x, y] = [whole(a(scope), where), whole(b(scope), where)];
        if (y === 0 && (sign === "/" || sign === "%")) throw wrongAt(where, "division by zero");
        return whole(operate?.(x, y) ?? 0, where);
      };
    }
    return left;
  }

  private single(): Expression {
    if (this.sign(["-"]) !== null) {
      const [{ where }, positive] = [this, this.single()];
      return (scope) => -whole(positive(scope), where);
    }
    if (this.sign(["("]) !== null) {
      const inner = this.sum();
      this.expect(")");
      return inner;
    }
    const token = this.tokens[this.at];
    this.at += 1;
    switch (token?.kind) {
      case "number":
      case "text": {
        const value = token.kind === "number" ? token.value : token.text;
        return () => value;
      }
      case "variable": {
        const { text } = token;
        if (!this.known.has(text)) throw wrongAt(this.where, `:${text} is not set before`);
        return ({ values }) => values.get(text) ?? 0;
      }
      case "name":
        return this.call(token.text);
      case "sign":
      case undefined:
        this.at -= 1;
        throw this.unexpected();
      default:
        return token satisfies never;
    }
  }

  private call(name: string): Expression {
    const known = functions[name];
    if (known === undefined)
      throw wrongAt(this.where, `there is no function ${name}; there is ${Object.keys(functions).join(", ")}`);
    this.expect("(");
    const given: Expression[] = [];
    do given.push(this.sum());
    while (this.sign([","]) !== null);
    this.expect(")");
    if (given.length !== known.takes.length)
      throw wrongAt(this.where, `${name} takes ${known.takes.join(", ")}, and here are ${given.length} values`);
    const { where } = this;
    const key = `${where.line}:${this.at}`;
    return (scope) =>
      known.draw(
        given.map((each) => each(scope)),
        scope,
        { ...where, key },
      );
  }

  private sign(signs: readonly string[]): string | null {
    const token = this.tokens[this.at];
    if (token?.kind !== "sign" || !signs.includes(token.text)) return null;
    this.at += 1;
    return token.text;
  }

  private expect(sign: string): void {
    if (this.sign([sign]) === null) throw this.unexpected(`, where "${sign}" should be`);
  }

  private unexpected(wanted = ""): Error {
    const token = this.tokens[this.at];
    if (token === undefined) return wrongAt(this.where, `the expression ends too early${wanted}`);
    return wrongAt(this.where, `unexpected "${"text" in token ? token.text : token.value}"${wanted}`);
  }
}

const operations: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => Math.trunc(a / b),
  "%": (a, b) => a % b,
};

interface Place extends Where {
  /** Of this call in the file. */
  readonly key: string;
}

interface Function {
  readonly takes: readonly string[];
  draw(given: readonly Value[], scope: Scope, place: Place): Value;
}

const functions: Readonly<Record<string, Function>> = {
  random: {
    takes: ["lowest", "highest"],
    draw: (given, { random }, place) => {
      const [low, high] = range(given, place);
      return random.between(low, high);
    },
  },
  random_zipfian: {
    takes: ["lowest", "highest", "skew"],
    draw: (given, { random, kept }, place) => {
      const [low, high] = range(given, place);
      const skew = Number(given[2]);
      if (!(skew > 0 && skew < 1)) throw wrongAt(place, `a skew is between 0 and 1, and ${given[2]} is not`);
      const key = `${place.key} ${high - low} ${skew}`;
      const ranks = (kept.get(key) as Zipfian | undefined) ?? new Zipfian(high - low + 1, skew);
      kept.set(key, ranks);
      return low + ranks.next(random) - 1;
    },
  },
  sequence: {
    takes: ["lowest", "highest"],
    draw: (given, { kept }, place) => {
      const [low, high] = range(given, place);
      const before = kept.get(place.key) as number | undefined;
      const next = before === undefined || before >= high || before < low ? low : before + 1;
      kept.set(place.key, next);
      return next;
    },
  },
  random_text: {
    takes: ["length"],
    draw: (given, { random }, place) => {
      const length = whole(given[0] ?? 0, place);
      if (length < 0) throw wrongAt(place, `a text has no length of ${length}`);
      return Array.from({ length }, () => LETTERS[random.between(0, LETTERS.length - 1)]).join("");
    },
  },
};

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

function range(given: readonly Value[], where: Where): readonly [low: number, high: number] {
  const [low, high] = [whole(given[0] ?? 0, where), whole(given[1] ?? 0, where)];
  if (low > high) throw wrongAt(where, `there is nothing from ${low} to ${high}`);
  return [low, high];
}

function whole(value: Value, where: Where): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw wrongAt(where, `${JSON.stringify(value)} is no whole number`);
}
