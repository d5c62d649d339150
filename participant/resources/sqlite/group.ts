/**
 * Which statements may be tried out behind those of other branches of the same turn, in one transaction that is rolled
 * back once for all of them. Such a branch sees what others wrote and may never commit, so every look of its own must be
 * a lock that clashes with theirs: then it is tried out again alone. What looks without a lock is not for a group: keys
 * that REPLACE or IGNORE meet, the children of a parent, whatever triggers do.
 */

import { beyondOneTable, columnsOfInsert } from "./plan.ts";
import type { Pattern } from "./point.ts";
import type { Analysis } from "./reads.ts";
import { has, type Schema, type Table } from "./schema.ts";
import type { Statement } from "./statement.ts";
import { isWord } from "./tokens.ts";

/** `unless-null`: not where one of the values is NULL, for SQLite would choose a rowid then. */
export type Sharing = "always" | "unless-null" | "never";

export function sharingOf(statement: Statement, analysis: Analysis, schema: Schema, pattern: Pattern | null): Sharing {
  const { tokens, verb } = statement;
  const table = schema.tables.get((verb === "select" ? pattern?.table.id : statement.target) ?? "");
  if (table === undefined || table.refusal !== null || beyondOneTable(statement, analysis, table)) return "never";
  if (verb === "select") return analysis.isReadonly ? "always" : "never";
  if (isWord(tokens[1], "OR") || !isWord(tokens[0], "INSERT", "UPDATE", "DELETE")) return "never";
  if (table.triggers.length > 0 || has(table.tokens, "ON", "CONFLICT")) return "never";
  if (tokens.some((token) => isWord(token, "SELECT"))) return "never";
  if (verb === "insert") return sharingOfInsert(statement, table);
  return pattern !== null && table.referencedBy.length === 0 ? "always" : "never";
}

function sharingOfInsert(statement: Statement, table: Table): Sharing {
  // A DEFAULT may call what only its own branch should see.
  if (statement.tuples === null || table.columns.some((column) => column.default?.includes("(") === true))
    return "never";
  if (!statement.mayIgnore || table.rowid === null) return "always";
  // With a conflict clause, alone, it would not go past rowids that others took: so not here either.
  const named = columnsOfInsert(statement, table);
  const isGiven = table.rowidColumn !== null && named !== null && named.includes(table.rowidColumn);
  return isGiven && !statement.tokens.some((token) => isWord(token, "NULL")) ? "unless-null" : "never";
}
