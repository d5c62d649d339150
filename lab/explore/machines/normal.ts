/** One form for all values that a machine can't tell apart, and numbers for values. */

/** Numbers for things that are the same when their texts are, in the order in which they came up. */
export class Register<T> {
  readonly all: T[] = [];
  private readonly numbers = new Map<string, number>();

  of(text: string, item: () => T): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const number = this.all.length;
    this.numbers.set(text, number);
    this.all.push(item());
    return number;
  }

  at(number: number): T {
    const item = this.all[number];
    if (item === undefined) throw new Error(`nothing has the number ${number}`);
    return item;
  }
}

/** How many values of a counter are told apart: it chooses among so many, or only how long to wait. */
export interface Counters {
  /** Of `attempt`. */
  readonly attempts: number;
}

/**
 * The same without what no machine decides by: how often it has tried, and words for people. Lists become sorted:
 * they are sets to the machines, or have the order of their names, which this is.
 */
export function normal<T>(value: T, counters: Counters): T {
  return of(value, counters) as T;
}

function of(value: unknown, counters: Counters): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => of(item, counters));
    if (items.length < 2) return items;
    return items
      .map((item) => ({ item, text: textOf(item) }))
      .toSorted((a, b) => (a.text < b.text ? -1 : 1))
      .map(({ item }) => item);
  }
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, field(key, item, counters)]));
}

function field(key: string, value: unknown, counters: Counters): unknown {
  switch (key) {
    // An election of three-phase commit has this name, too.
    case "attempt":
      return typeof value === "number" ? Math.max(value, 0) % counters.attempts : of(value, counters);
    case "tries":
      return 0;
    case "unanswered":
      return Math.min(Number(value), 1);
    case "detail":
      return "";
    // null is told apart from the others, which are told to people.
    case "reason":
      return value === null ? null : "CANCELLED";
    case "missing":
      return null;
    case "words":
      return [];
    default:
      return of(value, counters);
  }
}

/** Of a normal value: equal for equal ones. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (item instanceof Uint8Array ? `bytes ${item.join()}` : item));
}
