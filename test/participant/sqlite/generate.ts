/** Random schemas and random SQL against them, from a seed: every feature of a table that changes what a row is or what a change does. */

import type { Value } from "../../../runtime/values/index.ts";

export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = (seed * 2654435761 + 1) >>> 0;
  }

  /** mulberry32, in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  one<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  chance(of: number): boolean {
    return this.next() < of;
  }
}

interface TableShape {
  readonly name: string;
  /** Columns that an INSERT may name. */
  readonly columns: readonly string[];
  readonly key: readonly string[];
  readonly unique: readonly (readonly string[])[];
  /** Keys come from the statement and are never left to SQLite: then the order of branches can't change them. */
  readonly isExplicit: boolean;
}

export interface Shape {
  /** What stands in for the largest integer: past a rowid of 2^63 - 1 SQLite draws the next one at random. */
  readonly largest: bigint;
  readonly script: string;
  readonly tables: readonly TableShape[];
}

export interface RandomStatement {
  readonly statement: string;
  readonly parameters: readonly Value[];
}

/** @param explicit keys of all tables come from statements */
export function randomShape(dice: Dice, explicit = false): Shape {
  const tables: TableShape[] = [];
  const script: string[] = [];
  const count = 1 + dice.below(3);
  for (let at = 0; at < count; at += 1) {
    const { shape, ddl } = randomTable(dice, `t${at}`, tables, explicit);
    tables.push(shape);
    script.push(ddl);
  }
  script.push("CREATE TABLE log(id INTEGER PRIMARY KEY, what, value)");
  for (const table of tables) script.push(...extras(dice, table));
  const drawsAtRandom = /\bid INTEGER PRIMARY KEY(?! AUTOINCREMENT)/.test(script.slice(0, count).join());
  return { largest: drawsAtRandom ? 2n ** 62n : 2n ** 63n - 1n, script: script.join(";\n"), tables };
}

function randomTable(
  dice: Dice,
  name: string,
  others: readonly TableShape[],
  explicit: boolean,
): { shape: TableShape; ddl: string } {
  const strict = dice.chance(0.15);
  const type = (): string =>
    strict
      ? dice.one(["INTEGER", "REAL", "TEXT", "BLOB", "ANY"])
      : dice.one(["", "INT", "INTEGER", "REAL", "TEXT", "NUMERIC", "BLOB", "VARCHAR(9)"]);
  const collate = (): string => dice.one(["", "", "", " COLLATE NOCASE", " COLLATE RTRIM"]);
  const names = ["a", "b", "c", "d"].slice(0, 2 + dice.below(3));
  const kind = dice.one(
    explicit
      ? ["integer", "without", "without"]
      : ["rowid", "integer", "integer", "autoincrement", "text", "composite", "without", "without"],
  );
  const parts: string[] = [];
  const constraints: string[] = [];
  const unique: string[][] = [];
  let key: string[] = [];
  const columns = [...names];
  if (kind === "integer" || kind === "autoincrement") {
    parts.push(`id INTEGER PRIMARY KEY${kind === "autoincrement" ? " AUTOINCREMENT" : ""}`);
    key = ["id"];
    columns.unshift("id");
  } else if (kind === "text") {
    parts.push(`id TEXT${collate()} PRIMARY KEY${strict || dice.chance(0.5) ? " NOT NULL" : ""}`);
    key = ["id"];
    columns.unshift("id");
  } else if (kind === "composite" || (kind === "without" && dice.chance(0.5))) {
    parts.push(`k1 ${type()}${collate()}`, `k2 ${type()}${collate()}`);
    key = ["k1", "k2"];
    columns.unshift("k1", "k2");
    constraints.push("PRIMARY KEY (k1, k2)");
  } else if (kind === "without") {
    parts.push(
      `id ${strict ? "ANY" : dice.one(["TEXT", "INTEGER", "", "REAL"])}${collate()} PRIMARY KEY${dice.chance(0.3) ? " DESC" : ""}`,
    );
    key = ["id"];
    columns.unshift("id");
  }
  for (const column of names) {
    let definition = `${column} ${type()}${collate()}`;
    if (dice.chance(0.15)) definition += ` DEFAULT ${dice.one(["7", "'dflt'", "(random() % 1)", "1.5"])}`;
    if (dice.chance(0.1))
      definition += ` NOT NULL ON CONFLICT ${dice.one(["REPLACE", "ABORT", "IGNORE"])} DEFAULT 3`.replace(
        "DEFAULT 3",
        definition.includes("DEFAULT") ? "" : strict ? "DEFAULT NULL" : "DEFAULT 3",
      );
    if (dice.chance(0.25)) {
      definition += ` UNIQUE${dice.one(["", "", "", " ON CONFLICT IGNORE", " ON CONFLICT REPLACE", " ON CONFLICT FAIL"])}`;
      unique.push([column]);
    }
    if (dice.chance(0.1)) definition += ` CHECK (${column} IS NULL OR ${column} <> 13)`;
    parts.push(definition);
  }
  if (dice.chance(0.3))
    parts.push(
      `g ${strict ? "ANY" : ""} AS (${dice.one(["a || '!'", "a + 1", "length(b)", "coalesce(a, b)"])}) ${dice.one(["VIRTUAL", "STORED"])}${dice.chance(0.2) ? " UNIQUE" : ""}`,
    );
  const parent =
    others.length > 0 && dice.chance(0.6)
      ? dice.one(others)
      : !explicit && dice.chance(0.15)
        ? { name, key, unique }
        : null;
  const target =
    parent === null ? [] : dice.one([parent.key, ...parent.unique].filter((set) => set.length > 0).concat([[]]));
  if (parent !== null && target.length > 0 && target.length <= names.length) {
    const actions = dice.one([
      "",
      " ON DELETE CASCADE",
      " ON DELETE SET NULL",
      " ON DELETE CASCADE ON UPDATE CASCADE",
      " ON UPDATE SET NULL",
      " ON DELETE RESTRICT",
      " ON DELETE SET DEFAULT",
    ]);
    const deferred = dice.chance(0.3) ? " DEFERRABLE INITIALLY DEFERRED" : "";
    constraints.push(
      `FOREIGN KEY (${names.slice(0, target.length).join(", ")}) REFERENCES ${parent.name}(${target.join(", ")})${actions}${deferred}`,
    );
  }
  if (dice.chance(0.2)) {
    constraints.push(`UNIQUE (${names[0]}, ${names[1]})`);
    unique.push([names[0]!, names[1]!]);
  }
  const options = [kind === "without" ? "WITHOUT ROWID" : "", strict ? "STRICT" : ""].filter((option) => option !== "");
  let ddl = `CREATE TABLE ${name}(${[...parts, ...constraints].join(", ")}) ${options.join(", ")}`;
  if (strict) ddl = ddl.replaceAll(/\b(k1|k2|g) {2,}/g, "$1 ANY ");
  return { shape: { name, columns, key, unique, isExplicit: explicit }, ddl };
}

function extras(dice: Dice, { name, columns }: TableShape): string[] {
  const made: string[] = [];
  const [first, last] = [columns[0]!, columns.at(-1)!];
  if (dice.chance(0.2)) made.push(`CREATE UNIQUE INDEX ${name}_partial ON ${name}(${last}) WHERE ${last} > 2`);
  if (dice.chance(0.15)) made.push(`CREATE UNIQUE INDEX ${name}_expression ON ${name}(${last} || 'x', ${first})`);
  if (dice.chance(0.2)) made.push(`CREATE INDEX ${name}_plain ON ${name}(${last})`);
  if (dice.chance(0.3)) {
    const [moment, event] = [dice.one(["BEFORE", "AFTER"]), dice.one(["INSERT", "UPDATE", "DELETE"])];
    const row = event === "DELETE" ? "old" : "new";
    const body = dice.one([
      `INSERT INTO log(what, value) VALUES ('${name}', ${row}.${last})`,
      `INSERT INTO log(what, value) SELECT '${name}', count(*) FROM ${name}`,
      `UPDATE ${name} SET ${last} = ${last} WHERE ${first} = ${row}.${first} AND ${last} IS NOT ${last}`,
      `DELETE FROM log WHERE value = ${row}.${last}; INSERT OR IGNORE INTO log VALUES (1, 'first', ${row}.${first})`,
      `SELECT RAISE(ABORT, 'thirteen') WHERE ${row}.${last} = 4`,
      `UPDATE log SET value = ${row}.${last} WHERE id = 1`,
      `SELECT RAISE(IGNORE) WHERE ${row}.${last} = 5`,
    ]);
    made.push(`CREATE TRIGGER ${name}_trigger ${moment} ${event} ON ${name} BEGIN ${body}; END`);
  }
  if (dice.chance(0.15))
    made.push(
      `CREATE VIEW ${name}_view AS SELECT ${columns.join(", ")} FROM ${name}`,
      `CREATE TRIGGER ${name}_instead INSTEAD OF INSERT ON ${name}_view BEGIN INSERT INTO ${name}(${columns.join(", ")}) VALUES (${columns.map((column) => `new.${column}`).join(", ")}); END`,
    );
  return made;
}

const odd: readonly Value[] = [
  2n ** 63n - 1n,
  -(2n ** 63n),
  2n ** 53n + 1n,
  9007199254740992,
  1,
  1.5,
  -0,
  Infinity,
  -Infinity,
  1e300,
  "",
  "A",
  "a",
  "a ",
  "x\0y",
  "X\0z",
  "12",
  "1.0",
  "ü\u{1F600}",
  "\uFFFD",
  Buffer.from([]),
  Buffer.from([0, 1, 255]),
  Buffer.from("a"),
];

export function randomValue(dice: Dice): Value {
  const roll = dice.next();
  if (roll < 0.55) return BigInt(dice.below(7));
  if (roll < 0.7) return dice.one(["a", "b", "B", "c"]);
  if (roll < 0.8) return null;
  return dice.one(odd);
}

/** Literals differ from parameters: the parser, not the driver, makes their values. */
function literal(value: Value): string {
  if (value === null) return "NULL";
  if (typeof value === "bigint") return value === -(2n ** 63n) ? "(-9223372036854775807 - 1)" : String(value);
  if (typeof value === "number")
    return Number.isFinite(value)
      ? Number.isInteger(value)
        ? `${value.toString().includes("e") ? value : `${value}.0`}`
        : String(value)
      : value > 0
        ? "9e999"
        : "-9e999";
  if (typeof value === "string")
    return value.includes("\0")
      ? `CAST(x'${Buffer.from(value).toString("hex")}' AS TEXT)`
      : `'${value.replaceAll("'", "''")}'`;
  return `x'${Buffer.from(value).toString("hex")}'`;
}

export function randomStatement(dice: Dice, { tables, largest }: Shape): RandomStatement {
  const table = dice.one(tables);
  const parameters: Value[] = [];
  const value = (): string => {
    const any = randomValue(dice);
    const drawn = any === 2n ** 63n - 1n ? largest : any;
    if (dice.chance(0.4)) return literal(drawn);
    parameters.push(drawn);
    return "?";
  };
  const valueOf = (column: string): string =>
    table.isExplicit && table.key.includes(column) ? String(dice.below(12)) : value();
  const named = (): readonly string[] =>
    dice.chance(0.7)
      ? table.columns
      : table.columns.filter((column) => (table.isExplicit && table.key.includes(column)) || dice.chance(0.8));
  const where = (): string => {
    const roll = dice.next();
    if (roll < 0.35 && table.key.length > 0)
      return ` WHERE ${table.key.map((column) => `${column} = ${value()}`).join(" AND ")}`;
    if (roll < 0.5) return ` WHERE rowid_of = ${value()}`.replace("rowid_of", table.key[0] ?? "rowid");
    if (roll < 0.75) return ` WHERE ${dice.one(table.columns)} ${dice.one(["=", "<", ">", "IS NOT", "<>"])} ${value()}`;
    if (roll < 0.85)
      return ` WHERE ${dice.one(table.columns)} IN (SELECT ${dice.one(table.columns)} FROM ${table.name} LIMIT 2)`;
    return "";
  };
  const returning = (): string =>
    dice.chance(0.25)
      ? ` RETURNING ${dice.one(["*", table.columns.join(", "), `typeof(${dice.one(table.columns)}) AS kind`])}`
      : "";
  const orElse = (): string => dice.one(["", "", "", "", " OR REPLACE", " OR IGNORE", " OR ABORT", " OR FAIL"]);
  const sets = (): string =>
    [...new Set([dice.one(table.columns), dice.one(table.columns)])]
      .map(
        (column) => `${column} = ${dice.one([value, value, () => dice.one(table.columns), () => `${column} + 1`])()}`,
      )
      .join(", ");
  const roll = dice.next();
  if (roll < 0.45) {
    const columns = named();
    if (columns.length === 0)
      return { statement: `INSERT${orElse()} INTO ${table.name} DEFAULT VALUES${returning()}`, parameters };
    const into = `INSERT${orElse()} INTO ${table.name}(${columns.join(", ")})`;
    if (!table.isExplicit && dice.chance(0.12)) {
      const source = dice.one(tables);
      const picked = columns.map(() => dice.one(source.columns));
      return {
        statement: `${into} SELECT ${picked.join(", ")} FROM ${source.name}${dice.chance(0.5) ? " LIMIT 3" : " WHERE true"}${returning()}`,
        parameters,
      };
    }
    const tuples = Array.from(
      { length: dice.chance(0.7) ? 1 : 1 + dice.below(4) },
      () => `(${columns.map(valueOf).join(", ")})`,
    ).join(", ");
    const conflict =
      dice.chance(0.25) && !into.includes(" OR ")
        ? dice.one([
            " ON CONFLICT DO NOTHING",
            ...[table.key, ...table.unique]
              .filter((set) => set.length > 0)
              .map(
                (set) =>
                  ` ON CONFLICT(${set.join(", ")}) DO UPDATE SET ${sets()}${dice.chance(0.3) ? ` WHERE ${table.name}.${dice.one(table.columns)} <> ${value()}` : ""}`,
              ),
          ])
        : "";
    return { statement: `${into} VALUES ${tuples}${conflict}${returning()}`, parameters };
  }
  if (roll < 0.7)
    return { statement: `UPDATE${orElse()} ${table.name} SET ${sets()}${where()}${returning()}`, parameters };
  if (roll < 0.82) return { statement: `DELETE FROM ${table.name}${where()}${returning()}`, parameters };
  if (roll < 0.88)
    return {
      statement: `REPLACE INTO ${table.name}(${table.columns.join(", ")}) VALUES (${table.columns.map(valueOf).join(", ")})${returning()}`,
      parameters,
    };
  if (roll < 0.92)
    return {
      statement: `WITH w(x) AS (SELECT ${value()}) UPDATE ${table.name} SET ${dice.one(table.columns)} = (SELECT x FROM w)${where()}`,
      parameters,
    };
  return { statement: `SELECT * FROM ${table.name}${where()} ORDER BY ${table.columns.join(", ")}`, parameters };
}
