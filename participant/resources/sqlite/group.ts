/**
 * Which statements may be tried out behind those of other branches of the same turn, in one transaction that is rolled
 * back once for all of them. Such a branch sees what others wrote and may never commit, so every look of its own must be
 * a lock that clashes with theirs: then it is tried out again alone. What looks without a lock is not for a group: keys
 * that REPLACE or IGNORE meet, the children of a parent, whatever triggers do.
 */

import { beyondOneTable } from "./plan.ts";
import type { Pattern } from "./point.ts";
import type { Analysis } from "./reads.ts";
import { has, type Schema } from "./schema.ts";
import type { Statement } from "./statement.ts";
import { isWord } from "./tokens.ts";

export function mayShare(statement: Statement, analysis: Analysis, schema: Schema, pattern: Pattern | null): boolean {
  const { tokens, verb, tuples } = statement;
  const table = schema.tables.get((verb === "select" ? pattern?.table.id : statement.target) ?? "");
  if (table === undefined || table.refusal !== null || beyondOneTable(statement, analysis, table)) return false;
  if (verb === "select") return analysis.isReadonly;
  if (isWord(tokens[1], "OR") || !isWord(tokens[0], "INSERT", "UPDATE", "DELETE")) return false;
  if (table.triggers.length > 0 || has(table.tokens, "ON", "CONFLICT")) return false;
  if (tokens.some((token) => isWord(token, "SELECT"))) return false;
  // A DEFAULT may call what only its own branch should see.
  const calls = table.columns.some((column) => column.default?.includes("(") === true);
  return verb === "insert" ? tuples !== null && !calls : pattern !== null && table.referencedBy.length === 0;
}
