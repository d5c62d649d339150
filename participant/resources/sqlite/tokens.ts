/** SQL as tokens, by SQLite's own rules: what a statement says without asking SQLite to run it. */

export interface Token {
  readonly kind: "word" | "quoted" | "string" | "number" | "blob" | "parameter" | "symbol";
  /** Words in upper case, quoted names and strings without their quotes, everything else as written. */
  readonly value: string;
  /** As written. */
  readonly text: string;
  readonly start: number;
}

const pattern = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\n]*|/\*[^]*?(?:\*/|$))`,
    String.raw`(?<blob>[xX]'[0-9a-fA-F]*')`,
    String.raw`(?<string>'(?:[^']|'')*')`,
    String.raw`(?<quoted>"(?:[^"]|"")*"|\x60(?:[^\x60]|\x60\x60)*\x60|\[[^\]]*\])`,
    String.raw`(?<number>0[xX][0-9a-fA-F_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?)`,
    String.raw`(?<parameter>\?\d*|[:@$#][\w$\u0080-\uffff]+(?:::[\w$]+)*(?:\([^)\s]*\))?)`,
    String.raw`(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`(?<symbol>\|\||->>?|<[=<>]|>[=>]|==|!=|[^])`,
  ].join("|"),
  "gy",
);

/** Never throws: what SQLite would not take comes out as symbols, and SQLite says so itself. */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  for (const match of sql.matchAll(pattern)) {
    const groups = match.groups ?? {};
    if (groups["space"] !== undefined) continue;
    const text = match[0];
    const start = match.index;
    if (groups["word"] !== undefined) tokens.push({ kind: "word", value: text.toUpperCase(), text, start });
    else if (groups["quoted"] !== undefined) tokens.push({ kind: "quoted", value: unquoted(text), text, start });
    else if (groups["string"] !== undefined) tokens.push({ kind: "string", value: unquoted(text), text, start });
    else if (groups["number"] !== undefined) tokens.push({ kind: "number", value: text, text, start });
    else if (groups["blob"] !== undefined) tokens.push({ kind: "blob", value: text.slice(2, -1), text, start });
    else if (groups["parameter"] !== undefined) tokens.push({ kind: "parameter", value: text, text, start });
    else tokens.push({ kind: "symbol", value: text, text, start });
  }
  return tokens;
}

function unquoted(text: string): string {
  const quote = text[0] ?? "";
  const inner = text.slice(1, -1);
  return quote === "[" ? inner : inner.replaceAll(quote + quote, quote);
}

/** A name, quoted or not, as SQLite compares names: in lower case. Null where the token is no name. */
export function nameOf(token: Token | undefined): string | null {
  if (token?.kind === "word") return token.text.toLowerCase();
  if (token?.kind === "quoted") return token.value.toLowerCase();
  return null;
}

export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === "word" && words.includes(token.value);
}

export function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token?.kind === "symbol" && token.value === symbol;
}

/** How deep each token lies in parentheses and CASE … END; an opening one lies outside, a closing one too. */
export function depthsOf(tokens: readonly Token[]): number[] {
  let depth = 0;
  return tokens.map((token) => {
    if (isSymbol(token, ")") || isWord(token, "END")) depth -= 1;
    const here = depth;
    if (isSymbol(token, "(") || isWord(token, "CASE")) depth += 1;
    return here;
  });
}

/** A name for use in SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
