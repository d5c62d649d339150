/** What a statement looks at: SQLite's own bytecode tells, views, subqueries and triggers included. */

import type Database from "better-sqlite3";
import type { Bound } from "./parameters.ts";
import { type Pattern, patternOf } from "./point.ts";
import { refused } from "./refusal.ts";
import { has, isReserved, type Schema } from "./schema.ts";
import { parseStatement, type Statement } from "./statement.ts";
import { isWord, nameOf, type Token } from "./tokens.ts";

export interface Analysis {
  /** Tables that the statement reads through cursors of their own. */
  readonly scanned: ReadonlySet<string>;
  /** Tables that triggers read: always the whole table. */
  readonly readInside: ReadonlySet<string>;
  /** Tables that the statement itself writes and searches with the same cursor: a row where the key says which. */
  readonly searched: ReadonlySet<string>;
  /** Tables that may be written, by cascades and triggers too. */
  readonly written: ReadonlySet<string>;
  readonly isReadonly: boolean;
  /** Whether AUTOINCREMENT marks may be read or moved, by triggers too. */
  readonly movesMarks: boolean;
}

interface Instruction {
  readonly addr: number;
  readonly opcode: string;
  readonly p1: number;
  readonly p2: number;
  readonly p3: number;
}

/** On a cursor opened for writing, anything that looks for rows by more than the new row's own unique keys. */
const looks = new Set([
  "Rewind",
  "Last",
  "SeekGE",
  "SeekGT",
  "SeekLE",
  "SeekLT",
  "SeekRowid",
  "SeekScan",
  "Found",
  "NotFound",
  "Count",
  "IfEmpty",
]);

interface Access {
  /** Tables by cursor use, for the main program and for the programs of triggers and foreign keys. */
  readonly main: { readonly scanned: Set<string>; readonly searched: Set<string>; readonly written: Set<string> };
  readonly inner: { readonly scanned: Set<string>; readonly searched: Set<string>; readonly written: Set<string> };
  readonly openedVirtual: boolean;
  readonly wroteVirtual: boolean;
  readonly hasInner: boolean;
  readonly wroteElsewhere: boolean;
}

function accessOf(program: readonly Instruction[], roots: ReadonlyMap<number, string>): Access {
  const sets = () => ({ scanned: new Set<string>(), searched: new Set<string>(), written: new Set<string>() });
  const access = {
    main: sets(),
    inner: sets(),
    openedVirtual: false,
    wroteVirtual: false,
    hasInner: false,
    wroteElsewhere: false,
  };
  let part = access.main;
  let cursors = new Map<number, string>();
  for (const [at, step] of program.entries()) {
    if (at > 0 && step.opcode === "Init") {
      part = access.inner;
      cursors = new Map();
      access.hasInner = true;
    }
    const table = roots.get(step.p2);
    if ((step.opcode === "OpenRead" || step.opcode === "ReopenIdx") && step.p3 === 0) {
      if (table !== undefined) part.scanned.add(table);
    } else if (step.opcode === "OpenWrite") {
      if (step.p3 !== 0) access.wroteElsewhere = true;
      else if (table !== undefined) {
        part.written.add(table);
        cursors.set(step.p1, table);
      }
    } else if (step.opcode === "Clear") {
      const cleared = roots.get(step.p1);
      if (cleared !== undefined) {
        part.written.add(cleared);
        part.searched.add(cleared);
      }
    } else if (step.opcode === "VOpen") access.openedVirtual = true;
    else if (step.opcode === "VUpdate") access.wroteVirtual = true;
    else if (looks.has(step.opcode)) {
      const searched = cursors.get(step.p1);
      if (searched !== undefined) part.searched.add(searched);
    }
  }
  return access;
}

const TEXTS_KEPT = 512;

export class Analyst {
  private readonly plain: Database.Database;
  private readonly enforcing: Database.Database;
  private readonly schema: Schema;
  private readonly known = new Map<string, Analysis>();
  private readonly parsed = new Map<string, Statement>();
  private readonly patterns = new Map<Statement, Pattern | null>();

  /**
   * @param plain a connection with foreign_keys off: its programs hold what the statement and triggers say, no key checks
   * @param enforcing one with foreign_keys on: its programs hold cascades
   */
  constructor(plain: Database.Database, enforcing: Database.Database, schema: Schema) {
    this.plain = plain;
    this.enforcing = enforcing;
    this.schema = schema;
  }

  /** @throws Refusal */
  parse(sql: string): Statement {
    const known = this.parsed.get(sql);
    if (known !== undefined) return known;
    const statement = parseStatement(sql);
    if (this.parsed.size > TEXTS_KEPT) {
      this.parsed.clear();
      this.patterns.clear();
    }
    this.parsed.set(sql, statement);
    return statement;
  }

  /** The row that a statement of `parse` names by key; null where the text names none. */
  pattern(statement: Statement): Pattern | null {
    const known = this.patterns.get(statement);
    if (known !== undefined) return known;
    const pattern = patternOf(statement, this.schema);
    this.patterns.set(statement, pattern);
    return pattern;
  }

  /** @throws Refusal, or SQLite's error where the text is not a statement of this schema */
  analyse(sql: string, statement: Statement, bound: Bound): Analysis {
    const known = this.known.get(sql);
    if (known !== undefined) return known;
    const prepared = this.plain.prepare(sql);
    const access = accessOf(explain(this.plain, sql, bound), this.schema.roots);
    this.refuse(statement, access);
    const enforced =
      statement.verb === "select" ? access : accessOf(explain(this.enforcing, sql, bound), this.schema.roots);
    const written = new Set([
      ...access.main.written,
      ...access.inner.written,
      ...enforced.main.written,
      ...enforced.inner.written,
    ]);
    this.refuseTables(written);
    const inside = new Set([...access.inner.scanned, ...access.inner.searched]);
    const reachesTriggers = this.cascadesReachTriggers(access, enforced);
    // A cascade's own look-ups are covered by the locks on keys; a trigger that it fires may read anything.
    if (reachesTriggers) for (const table of [...enforced.inner.scanned, ...enforced.inner.searched]) inside.add(table);
    // Whether a trigger's insert was ignored tells what was there.
    if ((access.hasInner || reachesTriggers) && this.triggersIgnore(written))
      for (const table of [...access.inner.written, ...enforced.inner.written]) inside.add(table);
    const own = (tables: Iterable<string>): Set<string> => new Set([...tables].filter((table) => !isReserved(table)));
    const analysis = {
      scanned: own(access.main.scanned),
      readInside: own(inside),
      searched: own(access.main.searched),
      written: own(written),
      isReadonly: prepared.readonly,
      movesMarks: [...written, ...access.main.scanned, ...access.inner.scanned].includes("sqlite_sequence"),
    };
    if (this.known.size > TEXTS_KEPT) this.known.clear();
    this.known.set(sql, analysis);
    return analysis;
  }

  private refuse(statement: Statement, access: Access): void {
    if (access.wroteVirtual)
      throw refused(
        "The statement, or a trigger that it fires, writes to a virtual table, whose changes nemcon can't see or undo. Keep such tables outside nemcon.",
      );
    if (access.wroteElsewhere) throw refused("Only tables of the file itself can be changed.");
    const names = reachedNames(statement.tokens, this.schema);
    const reserved = [...names].find((name) => name.startsWith("nemcon_"));
    if (reserved !== undefined) throw refused(`${reserved} belongs to nemcon's journal and is not for statements.`);
    const virtual = [...names].find((name) => this.schema.virtualTables.has(name));
    if (access.openedVirtual && virtual !== undefined)
      throw refused(
        `${virtual} is a virtual table: what a branch reads there can't be locked. Read it with a query outside the transaction.`,
      );
    if (access.openedVirtual && [...names].some((name) => /^(pragma_|dbstat$|sqlite_)/.test(name)))
      throw refused("A branch may not read pragmas or SQLite's own tables: nothing there can be locked.");
  }

  private refuseTables(written: ReadonlySet<string>): void {
    for (const id of written) {
      const reason = this.schema.tables.get(id)?.refusal;
      if (reason) throw refused(reason);
      if (id.startsWith("nemcon_")) throw refused(`A trigger writes to ${id}, which belongs to nemcon's journal.`);
    }
  }

  private cascadesReachTriggers(access: Access, enforced: Access): boolean {
    const more = [...enforced.inner.written].filter((table) => !access.inner.written.has(table));
    return (
      enforced.hasInner &&
      [...more, ...access.main.written].some((id) => {
        const children = this.schema.tables.get(id)?.referencedBy.map((key) => key.child) ?? [];
        return (
          [id, ...children].some((name) => (this.schema.tables.get(name)?.triggers.length ?? 0) > 0) &&
          (more.length > 0 || children.length > 0)
        );
      })
    );
  }

  private triggersIgnore(written: ReadonlySet<string>): boolean {
    const ignores = (tokens: readonly Token[]): boolean =>
      tokens.some((token) => isWord(token, "IGNORE")) || has(tokens, "ON", "CONFLICT");
    const tables = [...written].flatMap((id) => this.schema.tables.get(id) ?? []);
    return (
      tables.some((table) => ignores(table.tokens) || table.triggers.some(ignores)) ||
      [...this.schema.views.values()].some(ignores)
    );
  }
}

function explain(db: Database.Database, sql: string, bound: Bound): Instruction[] {
  const statement = db.prepare<unknown[], Instruction>(`EXPLAIN ${sql}`).safeIntegers(false);
  return statement.all(...bindings(bound));
}

/** As better-sqlite3 takes them. */
export function bindings(bound: Bound): unknown[] {
  return Object.keys(bound.named).length > 0 ? [...bound.nameless, bound.named] : [...bound.nameless];
}

/** Every name that the text could reach, through views too: more than it does reach, never fewer. */
function reachedNames(tokens: readonly Token[], schema: Schema): Set<string> {
  const names = new Set(tokens.flatMap((token) => nameOf(token) ?? []));
  for (const name of names)
    for (const token of schema.views.get(name) ?? []) {
      const inner = nameOf(token);
      if (inner !== null) names.add(inner);
    }
  return names;
}
