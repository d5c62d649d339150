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

function exclude(a: Mode, b: Mode): boolean {
  if (a === "read") return b === "change";
  if (a === "change") return b === "read";
  return !(a === "share" && b === "share");
}

export class LockTable {
  private readonly holders = new Map<string, Map<TransactionId, Set<Mode>>>();
  private readonly held = new Map<TransactionId, Map<string, Set<Mode>>>();

  /** Which of the wanted locks others hold; empty: `take` may follow. */
  clashes(owner: TransactionId, wanted: readonly Lock[]): Clash[] {
    return wanted.flatMap((lock) => {
      const holders: TransactionId[] = [];
      for (const [holder, theirs] of this.holders.get(lock.resource) ?? [])
        if (holder !== owner && [...theirs].some((mode) => exclude(lock.mode, mode))) holders.push(holder);
      return holders.length > 0 ? [{ lock, holders }] : [];
    });
  }

  take(owner: TransactionId, locks: readonly Lock[]): void {
    for (const { resource, mode } of locks) {
      addMode(this.holders, resource, owner, mode);
      addMode(this.held, owner, resource, mode);
    }
  }

  release(owner: TransactionId): void {
    for (const resource of this.held.get(owner)?.keys() ?? []) {
      const theirs = this.holders.get(resource);
      theirs?.delete(owner);
      if (theirs?.size === 0) this.holders.delete(resource);
    }
    this.held.delete(owner);
  }

  of(owner: TransactionId): Lock[] {
    return [...(this.held.get(owner) ?? [])].flatMap(([resource, held]) =>
      [...held].map((mode) => ({ resource, mode })),
    );
  }

  /** Others that hold a lock of this mode on the table, or (`free`) on a row or unique value of it. */
  othersOn(owner: TransactionId, table: string, mode: "change" | "free"): TransactionId[] {
    if (mode === "change") return this.clashes(owner, [tableLock(table, "read")]).flatMap((clash) => clash.holders);
    return [...this.held].flatMap(([holder, locks]) =>
      holder !== owner && [...locks].some(([resource, held]) => held.has("free") && resource.split("\0")[1] === table)
        ? [holder]
        : [],
    );
  }
}

function addMode<A, B>(map: Map<A, Map<B, Set<Mode>>>, outer: A, inner: B, mode: Mode): void {
  const inside = map.get(outer) ?? new Map<B, Set<Mode>>();
  map.set(outer, inside);
  inside.set(inner, (inside.get(inner) ?? new Set<Mode>()).add(mode));
}
