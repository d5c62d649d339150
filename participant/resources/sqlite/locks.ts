/** The lock table: in memory, rebuilt from the journal's redo after a restart. */

import type { TransactionId } from "../../../protocols/index.ts";

/**
 * `read` and `change` are for tables (a scan against a change of any row), `share` and `own` for rows and
 * unique values. `free` is `own` of a value or row that goes away: whoever meets it must not take a
 * uniqueness error for the last word.
 */
export const modes = ["read", "change", "share", "own", "free"] as const;
export type Mode = (typeof modes)[number];

export interface Lock {
  /** Made by `tableLock`, `rowLock`, `valueLock`. */
  readonly resource: string;
  readonly mode: Mode;
}

export interface Clash {
  readonly lock: Lock;
  readonly holders: readonly TransactionId[];
}

const WHOLE = "*";

export function tableLock(table: string, mode: "read" | "change"): Lock {
  return { resource: `table\0${table}`, mode };
}

export function rowLock(table: string, key: string, mode: "share" | "own" | "free"): Lock {
  return { resource: `row\0${table}\0${key}`, mode };
}

/** @param key null: the whole index */
export function valueLock(table: string, index: string, key: string | null, mode: "share" | "own" | "free"): Lock {
  return { resource: `value\0${table}\0${index}\0${key ?? WHOLE}`, mode };
}

/** For people: "the row i5 of accounts". */
export function describe(resource: string): string {
  const [kind, table = "", second = "", ...rest] = resource.split("\0");
  if (kind === "table") return `the table ${table}`;
  if (kind === "row") return `the row ${readable([second, ...rest].join("\0"))} of ${table}`;
  const key = rest.join("\0");
  return key === WHOLE
    ? `the unique index ${second} of ${table}`
    : `the value ${readable(key)} of ${table}'s unique key ${second}`;
}

function readable(key: string): string {
  const cut = key.length > 80 ? `${key.slice(0, 80)}…` : key;
  return cut.replaceAll(/(^|(?<!\\),)[irtb]/g, "$1");
}

/** Who holds a resource: side by side (`read`, `share`), or by changing it. Changes of rows are one holder's, those of a table many's. */
interface Hold {
  readonly together: Set<TransactionId>;
  readonly changing: Set<TransactionId>;
}

interface Held {
  mode: Mode;
  /** A table may be read and changed by one owner. */
  isReadToo: boolean;
}

const isShared = (mode: Mode): boolean => mode === "read" || mode === "share";
/** Two changes of a row exclude each other, of a table do not. */
const isAlone = (mode: Mode): boolean => mode === "own" || mode === "free";
const rank: Readonly<Record<Mode, number>> = { read: 0, share: 0, change: 1, own: 1, free: 2 };

export class LockTable {
  private readonly holds = new Map<string, Hold>();
  private readonly held = new Map<TransactionId, Map<string, Held>>();

  /** Which of the wanted locks others hold; empty: `take` may follow. */
  clashes(owner: TransactionId, wanted: readonly Lock[]): readonly Clash[] {
    let found: Clash[] | null = null;
    for (const lock of wanted) {
      const holders = this.against(owner, lock);
      if (holders.length > 0) (found ??= []).push({ lock, holders });
    }
    return found ?? NONE;
  }

  private against(owner: TransactionId, { resource, mode }: Lock): readonly TransactionId[] {
    const hold = this.holds.get(resource);
    if (hold === undefined) return NONE;
    const others = (holders: Set<TransactionId>): readonly TransactionId[] =>
      holders.size === 0 || (holders.size === 1 && holders.has(owner))
        ? NONE
        : [...holders].filter((each) => each !== owner);
    if (isShared(mode)) return others(hold.changing);
    return isAlone(mode) ? [...new Set([...others(hold.together), ...others(hold.changing)])] : others(hold.together);
  }

  take(owner: TransactionId, locks: readonly Lock[]): void {
    if (locks.length === 0) return;
    let held = this.held.get(owner);
    if (held === undefined) this.held.set(owner, (held = new Map()));
    for (const { resource, mode } of locks) {
      const known = held.get(resource);
      if (known === undefined) held.set(resource, { mode, isReadToo: false });
      else {
        if (known.mode !== mode && (mode === "read" || known.mode === "read")) known.isReadToo = true;
        if (rank[mode] > rank[known.mode]) known.mode = mode;
      }
      let hold = this.holds.get(resource);
      if (hold === undefined) this.holds.set(resource, (hold = { together: new Set(), changing: new Set() }));
      (isShared(mode) ? hold.together : hold.changing).add(owner);
    }
  }

  release(owner: TransactionId): void {
    const held = this.held.get(owner);
    if (held === undefined) return;
    for (const resource of held.keys()) {
      const hold = this.holds.get(resource);
      if (hold === undefined) continue;
      hold.together.delete(owner);
      hold.changing.delete(owner);
      if (hold.together.size === 0 && hold.changing.size === 0) this.holds.delete(resource);
    }
    this.held.delete(owner);
  }

  /** Each resource once, in the order in which they were taken, in the strongest mode; a table that is read and changed, twice. */
  of(owner: TransactionId): Lock[] {
    const locks: Lock[] = [];
    for (const [resource, { mode, isReadToo }] of this.held.get(owner) ?? NONE) {
      if (isReadToo) locks.push({ resource, mode: "read" });
      locks.push({ resource, mode });
    }
    return locks;
  }

  /** Others that hold a lock of this mode on the table, or (`free`) on a row or unique value of it. */
  othersOn(owner: TransactionId, table: string, mode: "change" | "free"): readonly TransactionId[] {
    if (mode === "change") return this.against(owner, tableLock(table, "read"));
    const others: TransactionId[] = [];
    for (const [holder, held] of this.held) if (holder !== owner && isFreeing(held, table)) others.push(holder);
    return others;
  }
}

const NONE: readonly never[] = [];

function isFreeing(held: ReadonlyMap<string, Held>, table: string): boolean {
  for (const [resource, { mode }] of held) if (mode === "free" && resource.split("\0")[1] === table) return true;
  return false;
}
