/** Random tables without surprises and statements on one row by its key: most of them can be planned or grouped. */

import { type Dice, type RandomStatement, randomStatement, randomValue, type Shape } from "./generate.ts";

const plainTables = [
  "t(id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c)",
  "t(id INTEGER PRIMARY KEY, a REAL NOT NULL, b NUMERIC, c BLOB)",
  "t(a INTEGER, id INTEGER PRIMARY KEY, b VARCHAR(9) COLLATE NOCASE, c INT NOT NULL ON CONFLICT REPLACE DEFAULT 3)",
  "t(id TEXT PRIMARY KEY, a INTEGER, b TEXT, c) WITHOUT ROWID",
  "t(id TEXT COLLATE NOCASE PRIMARY KEY, a REAL, b TEXT, c NUMERIC) WITHOUT ROWID",
  "t(id TEXT PRIMARY KEY, a INTEGER, b TEXT, c UNIQUE)",
  "t(id PRIMARY KEY, a INTEGER, b TEXT, c) WITHOUT ROWID",
  "t(id REAL, a INTEGER, b TEXT, c, PRIMARY KEY (b, id)) WITHOUT ROWID",
  "t(id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER, b TEXT, c)",
  "t(id INTEGER PRIMARY KEY, a INTEGER UNIQUE, b TEXT, c REFERENCES p)",
  "t(id INTEGER PRIMARY KEY, a INTEGER CHECK (a <> 3), b AS (a + 1), c)",
  "t(id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c ANY) STRICT",
  "t(id INTEGER PRIMARY KEY, a INTEGER REFERENCES p, b TEXT COLLATE NOCASE UNIQUE, c REFERENCES t DEFERRABLE INITIALLY DEFERRED)",
  "t(id INTEGER, a INTEGER, b TEXT, c)",
  "t(id TEXT PRIMARY KEY, a INT, b TEXT, c REAL, UNIQUE (a, c), FOREIGN KEY (a) REFERENCES p) STRICT, WITHOUT ROWID",
];

export interface PlainShape {
  readonly shape: Shape;
  readonly key: readonly string[];
  readonly textKey: boolean;
  /** Keys come from the statement and are never left to SQLite. */
  readonly isExplicit: boolean;
}

export function plainShape(dice: Dice, isExplicit = false): PlainShape {
  const table = dice.one(
    plainTables.filter(
      (each) =>
        !isExplicit || (each.includes("id INTEGER PRIMARY") && !each.includes("AUTO")) || each.includes("WITHOUT"),
    ),
  );
  const more = dice.chance(0.3) ? "; CREATE INDEX plain ON t(a, c)" : "";
  const partial = dice.chance(0.1) ? "; CREATE INDEX partly ON t(a) WHERE c > 2" : "";
  const watched = dice.chance(0.1)
    ? "; CREATE TABLE l(x); CREATE TRIGGER w AFTER UPDATE ON t BEGIN INSERT INTO l VALUES (new.a); END"
    : "";
  const script = `CREATE TABLE p(id INTEGER PRIMARY KEY, n); INSERT INTO p VALUES (1, 0), (2, 0), (3, 0); CREATE TABLE ${table}${more}${partial}${watched}`;
  const key = table.includes("(b, id)") ? ["b", "id"] : ["id"];
  return {
    key,
    isExplicit,
    textKey: table.includes("id TEXT"),
    shape: {
      script,
      largest: 2n ** 62n,
      tables: [{ name: "t", columns: ["id", "a", "b", "c"], key, unique: [], isExplicit }],
    },
  };
}

/** Statements on one row by its key, in many spellings. */
/** Mostly on one row, now and then anything. */
export function plainStatement(dice: Dice, plain: PlainShape): RandomStatement {
  return dice.chance(0.85) ? pointStatement(dice, plain) : randomStatement(dice, plain.shape);
}

function pointStatement(dice: Dice, { key, textKey, isExplicit }: PlainShape): RandomStatement {
  const parameters: RandomStatement["parameters"][number][] = [];
  const put = (value: RandomStatement["parameters"][number]): string => {
    parameters.push(value);
    return "?";
  };
  const few = (): RandomStatement["parameters"][number] =>
    dice.chance(0.85) ? dice.one([1n, 2n, 3n, "a", "B", "b", "A"]) : randomValue(dice);
  // Mostly what the column takes as it is, sometimes what it converts or refuses.
  const fitting = (name: string): RandomStatement["parameters"][number] => {
    if (dice.chance(0.12) && !(isExplicit && key.includes(name))) return randomValue(dice);
    const isText = name === "b" || (name === "id" && textKey);
    return isText ? dice.one(["a", "B", "b"]) : BigInt(1 + dice.below(3));
  };
  const column = (): string => dice.one(["a", "b", "c"]);
  const expression = (name: string): string =>
    dice.one([
      () => put(fitting(name)),
      () => put(fitting(name)),
      () => (name === "b" ? `b || ${put("x")}` : `${name} + ${put(1n)}`),
      () => (name === "b" ? `b || ${put("x")}` : `${name} + ${put(1n)}`),
      () => put(randomValue(dice)),
      () => put(few()),
      () => `${column()} + ${put(BigInt(dice.below(4)))}`,
      () => `${column()} || ${put("x")}`,
      column,
      () => `coalesce(${column()}, ${put(few())})`,
      () => `max(a, 1)`,
      () => `CASE WHEN a > ${put(2n)} THEN 'high' ELSE b END`,
      () => `abs(${column()})`,
      () => `(SELECT count(*) FROM p)`,
      () => `t.a * 2`,
      () => "1.5",
      () => "NULL",
      () => "'5'",
    ])();
  const sets = (): string =>
    [...new Set([column(), column()])].map((name) => `${name} = ${expression(name)}`).join(", ");
  const literal = (): string => dice.one(["1", "'a'", "2.0", "-1"]);
  const rest = (): string =>
    dice.one([
      ...Array.from({ length: 6 }, () => () => ""),
      () => ` AND a > ${put(1n)}`,
      () => " AND c IS NOT NULL",
      () => (dice.chance(0.3) ? " OR a = 2" : ""),
    ])();
  const where = (): string =>
    `WHERE ${key.map((name) => `${name} = ${dice.chance(0.1) ? literal() : put(fitting(name))}`).join(" AND ")}${rest()}`;
  const returning = (): string => dice.one(["", "", "", " RETURNING *", " RETURNING a, id AS x", " RETURNING a + 1"]);
  const roll = dice.next();
  if (roll < 0.35) return { statement: `UPDATE t SET ${sets()} ${where()}${returning()}`, parameters };
  // One connection for all branches would know another one.
  const last = isExplicit ? "*" : "last_insert_rowid()";
  const wanted = dice.one(["*", "a, c", "count(*), max(a)", "t.a + 1 AS n", last]);
  if (roll < 0.5) return { statement: `SELECT ${wanted} FROM t ${where()}`, parameters };
  if (roll < 0.6) return { statement: `DELETE FROM t ${where()}${returning()}`, parameters };
  const named = dice.chance(0.2) ? [...new Set([...key, "a", "c"])] : ["id", "a", "b", "c"];
  const values = named.map((name) =>
    dice.chance(0.1) && !(isExplicit && key.includes(name))
      ? dice.one(["NULL", "'5'", "7", "abs(-3)"])
      : put(fitting(name)),
  );
  const insert = `INSERT INTO t(${named.join(", ")}) VALUES (${values.join(", ")})`;
  const free = ["a", "b", "c"].filter((name) => !key.includes(name));
  const updated = (): string =>
    dice.one([
      () => `excluded.${dice.one(free)}`,
      () => "excluded.a + coalesce(t.a, 0)",
      () => "nullif(excluded.b, t.b)",
      () => `${put(few())} || excluded.c`,
      () => "a + 1",
    ])();
  const update = (): string => `${dice.one(free)} = ${updated()}`;
  const conflict = dice.one([
    "",
    "",
    () => ` ON CONFLICT(${key.join(", ")}) DO UPDATE SET ${update()}`,
    " ON CONFLICT DO NOTHING",
  ]);
  return { statement: `${insert}${typeof conflict === "string" ? conflict : conflict()}${returning()}`, parameters };
}
