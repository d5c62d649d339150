/** What kind of statement a text is, and why it is refused if it is: from its tokens alone. */

import { Refusal, refused } from "./refusal.ts";
import { has } from "./schema.ts";
import { depthsOf, isSymbol, isWord, nameOf, type Token, tokensOf } from "./tokens.ts";

export interface Statement {
  readonly tokens: readonly Token[];
  readonly verb: "select" | "insert" | "update" | "delete";
  /** The table or view named after the verb of a change, in lower case. */
  readonly target: string | null;
  /** INSERT … VALUES: how many rows it would insert; null: not known from the text. */
  readonly tuples: number | null;
  /** Whether rows may be left alone without an error (IGNORE, ON CONFLICT). */
  readonly mayIgnore: boolean;
}

const refusals: Readonly<Record<string, string>> = {
  CREATE: "Changing the schema",
  DROP: "Changing the schema",
  ALTER: "Changing the schema",
  PRAGMA: "PRAGMA",
  ATTACH: "ATTACH",
  DETACH: "DETACH",
  VACUUM: "VACUUM",
  ANALYZE: "ANALYZE",
  REINDEX: "REINDEX",
  EXPLAIN: "EXPLAIN",
  BEGIN: "A transaction statement",
  COMMIT: "A transaction statement",
  END: "A transaction statement",
  ROLLBACK: "A transaction statement",
  SAVEPOINT: "A transaction statement",
  RELEASE: "A transaction statement",
};

function adviceFor(word: string): string {
  if (refusals[word] === "A transaction statement")
    return "The coordinator begins and ends the transaction. Leave the statement out.";
  if (refusals[word] === "Changing the schema")
    return "It can't be prepared and undone row by row. Migrate the file directly, as docs/sqlite.md tells.";
  return "It acts on the file or the connection, not on rows, so it can't be prepared. Run it on the file directly (docs/sqlite.md).";
}

/** @throws Refusal STATEMENT_REFUSED, or STATEMENT_FAILED where there is no statement */
export function parseStatement(sql: string): Statement {
  if (sql.includes("\0"))
    throw new Refusal(
      "STATEMENT_FAILED",
      "The statement's text holds a NUL, where SQLite would stop reading. Pass such text as a parameter.",
    );
  const all = tokensOf(sql);
  const end = all.findIndex((token) => isSymbol(token, ";"));
  const tokens = end === -1 ? all : all.slice(0, end);
  if (end !== -1 && all.slice(end).some((token) => !isSymbol(token, ";")))
    throw refused(
      "More than one statement in a text. Send each as an operation of its own; they run in order, all or none.",
    );
  const first = tokens[0];
  if (first === undefined) throw new Refusal("STATEMENT_FAILED", "The statement is empty.");
  const refusal = first.kind === "word" ? refusals[first.value] : undefined;
  if (refusal !== undefined)
    throw refused(`${refusal} is refused inside a branch (${first.value}). ${adviceFor(first.value)}`);
  const at = verbAt(tokens);
  const word = tokens[at]?.value ?? "";
  if (word === "SELECT" || word === "VALUES")
    return { tokens, verb: "select", target: null, tuples: null, mayIgnore: false };
  if (word !== "INSERT" && word !== "REPLACE" && word !== "UPDATE" && word !== "DELETE")
    throw new Refusal(
      "STATEMENT_FAILED",
      `near "${first.text}": not a statement that nemcon runs. Use SELECT, INSERT, REPLACE, UPDATE, DELETE, or WITH before one of them.`,
    );
  if (has(tokens.slice(at, at + 3), "OR", "ROLLBACK"))
    throw refused(
      "OR ROLLBACK would end the work of other branches too. Use OR ABORT: a failure undoes the statement.",
    );
  const target = targetOf(tokens, at);
  if (target !== null && /^(nemcon|sqlite)_/.test(target))
    throw refused(
      `${target} belongs to ${target.startsWith("nemcon") ? "nemcon's journal" : "SQLite"} and no branch may write to it.`,
    );
  return {
    tokens,
    verb: word === "UPDATE" ? "update" : word === "DELETE" ? "delete" : "insert",
    target,
    tuples: tuplesOf(tokens, at),
    mayIgnore: has(tokens, "OR", "IGNORE") || has(tokens, "ON", "CONFLICT"),
  };
}

/** Where the verb stands: first, or after WITH's parentheses. */
function verbAt(tokens: readonly Token[]): number {
  if (!isWord(tokens[0], "WITH")) return 0;
  const depths = depthsOf(tokens);
  return tokens.findIndex(
    (token, at) =>
      depths[at] === 0 &&
      isWord(token, "SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE") &&
      !isSymbol(tokens[at + 1], "("),
  );
}

/** Position of the target's own name: after INSERT [OR x] INTO, UPDATE [OR x], DELETE FROM, and a schema's name. */
export function targetAt(tokens: readonly Token[], verb: number): number {
  let at = verb + 1;
  if (isWord(tokens[at], "OR")) at += 2;
  if (isWord(tokens[at], "INTO", "FROM")) at += 1;
  if (isSymbol(tokens[at + 1], ".")) at += 2;
  return at;
}

function targetOf(tokens: readonly Token[], verb: number): string | null {
  const at = targetAt(tokens, verb);
  if (at >= 2 && isSymbol(tokens[at - 1], ".") && nameOf(tokens[at - 2]) !== "main")
    throw refused(
      `Only tables of the file itself can be changed, and ${tokens[at - 2]?.text ?? ""} is another schema.`,
    );
  return nameOf(tokens[at]);
}

function tuplesOf(tokens: readonly Token[], verb: number): number | null {
  if (!isWord(tokens[verb], "INSERT", "REPLACE")) return null;
  if (tokens.some((token) => isWord(token, "SELECT"))) return null;
  if (has(tokens, "DEFAULT", "VALUES")) return 1;
  const depths = depthsOf(tokens);
  const values = tokens.findIndex((token, at) => at > verb && depths[at] === 0 && isWord(token, "VALUES"));
  if (values === -1) return null;
  let count = 0;
  for (let at = values + 1; at < tokens.length; at += 1) {
    if (depths[at] !== 0) continue;
    if (isSymbol(tokens[at], "(")) count += 1;
    else if (!isSymbol(tokens[at], ")") && !isSymbol(tokens[at], ",")) break;
  }
  return count;
}
