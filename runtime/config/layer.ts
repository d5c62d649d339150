/** What one source says: values by key name, each with the place where it stands. */

export interface Entry {
  readonly value: unknown;
  /** Where the value stands, for people: `bank.yaml:4:11`, `NEMCON_LISTEN`, `--listen`. */
  readonly at: string;
}

export interface Fault {
  readonly at: string;
  /** The key's name; empty: the whole source. */
  readonly key: string;
  readonly message: string;
}

export interface Layer {
  readonly values: ReadonlyMap<string, Entry>;
  readonly faults: readonly Fault[];
}

/** What a value looks like, cut to what fits into a message. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
