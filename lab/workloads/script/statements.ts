/** SQL text as statements: where each begins, and which `:names` are in it. */

import { wrongAt, type Where } from "./where.ts";

export interface Statement {
  readonly sql: string;
  readonly where: Where;
  readonly names: readonly string[];
}

/** Strings, quoted names and comments, in which nothing counts; then what does. */
const PIECE =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[^]*?\*\/|:([A-Za-z_]\w*)|([?@$][A-Za-z0-9_]*)|(;)/g;

/** @throws NemconError USAGE */
export function statementsOf(text: string, start: Where): Statement[] {
  const statements: Statement[] = [];
  let from = 0;
  let names = new Set<string>();
  const finish = (to: number): void => {
    const whole = text.slice(from, to);
    const sql = whole.trim();
    const before = text.slice(0, from) + whole.slice(0, whole.length - whole.trimStart().length);
    const where = { ...start, line: start.line + newlines(before) };
    // A comment alone is no statement.
    if (sql.replaceAll(/--[^\n]*|\/\*[^]*?\*\//g, "").trim() !== "") statements.push({ sql, where, names: [...names] });
    from = to + 1;
    names = new Set();
  };
  for (const { 0: piece, 1: name, 2: other, 3: end, index } of text.matchAll(PIECE)) {
    if (name !== undefined) names.add(name);
    else if (other !== undefined) {
      const where = { ...start, line: start.line + newlines(text.slice(0, index)) };
      throw wrongAt(where, `"${piece}": parameters are :names here, which \\set gives`);
    } else if (end !== undefined) finish(index);
  }
  finish(text.length);
  return statements;
}

function newlines(text: string): number {
  return text.split("\n").length - 1;
}
