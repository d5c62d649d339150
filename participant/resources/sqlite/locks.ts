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

export function rowLock(table: string, key: string, mode: "share" | "own" | "free"): Mutable<Lock> {
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

/** None, one or several: most resources have one holder, a busy table has many. */
type Owners = TransactionId | Set<TransactionId> | null;

/** Who holds a resource: side by side (`read`, `share`), or by changing it. */
interface Hold {
  together: Owners;
  changing: Owners;
}

/** What one owner holds, in the order in which it was taken. */
interface Held {
  readonly locks: Mutable<Lock>[];
  /** Positions in `locks` by resource, once there are many. */
  index: Map<string, number[]> | null;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const isShared = (mode: Mode): boolean => mode === "read" || mode === "share";
/** Two changes of a row exclude each other, of a table do not. */
const isAlone = (mode: Mode): boolean => mode === "own" || mode === "free";
const rank: Readonly<Record<Mode, number>> = { read: 0, share: 0, change: 1, own: 1, free: 2 };

const FEW = 8;

export class LockTable {
  private readonly holds = new Map<string, Hold>();
  private readonly held = new Map<TransactionId, Held>();

  /** Which of the wanted locks others hold; empty: `take` may follow. */
  clashes(owner: TransactionId, wanted: readonly Lock[]): readonly Clash[] {
    let found: Clash[] | null = null;
    for (const lock of wanted) {
      const holders = this.against(owner, lock);
      if (holders.length > 0) (found ??= []).push({ lock, holders });
    }
    if (found === null || found.length === 1) return found ?? NONE;
    // A row is looked at before it is changed: in the order in which each resource was first wanted.
    const places = new Map<string, number>();
    for (const { resource } of wanted) if (!places.has(resource)) places.set(resource, places.size);
    return found.sort((a, b) => (places.get(a.lock.resource) ?? 0) - (places.get(b.lock.resource) ?? 0));
  }

  private against(owner: TransactionId, { resource, mode }: Lock): readonly TransactionId[] {
    const hold = this.holds.get(resource);
    if (hold === undefined) return NONE;
    if (isShared(mode)) return others(hold.changing, owner);
    const reading = others(hold.together, owner);
    if (!isAlone(mode)) return reading;
    const changing = others(hold.changing, owner);
    if (reading.length === 0 || changing.length === 0) return reading.length === 0 ? changing : reading;
    return [...new Set([...reading, ...changing])];
  }

  take(owner: TransactionId, locks: readonly Lock[]): void {
    if (locks.length === 0) return;
    let held = this.held.get(owner);
    if (held === undefined) this.held.set(owner, (held = { locks: [], index: null }));
    for (const lock of locks) {
      const { resource, mode } = lock;
      if (!note(held, lock)) continue;
      const hold = this.holds.get(resource);
      if (hold === undefined)
        this.holds.set(
          resource,
          isShared(mode) ? { together: owner, changing: null } : { together: null, changing: owner },
        );
      else if (isShared(mode)) hold.together = including(hold.together, owner);
      else hold.changing = including(hold.changing, owner);
    }
  }

  release(owner: TransactionId): void {
    const held = this.held.get(owner);
    if (held === undefined) return;
    this.held.delete(owner);
    for (const { resource } of held.locks) {
      const hold = this.holds.get(resource);
      if (hold === undefined) continue;
      hold.together = without(hold.together, owner);
      hold.changing = without(hold.changing, owner);
      if (hold.together === null && hold.changing === null) this.holds.delete(resource);
    }
  }

  /** A row or value once, in the strongest mode; a table that is both read and changed, twice. */
  of(owner: TransactionId): readonly Lock[] {
    return this.held.get(owner)?.locks ?? NONE;
  }

  /** Others that hold a lock of this mode on the table, or (`free`) on a row or unique value of it. */
  othersOn(owner: TransactionId, table: string, mode: "change" | "free"): readonly TransactionId[] {
    if (mode === "change") return this.against(owner, tableLock(table, "read"));
    const found: TransactionId[] = [];
    for (const [holder, { locks }] of this.held)
      if (holder !== owner && locks.some((lock) => lock.mode === "free" && lock.resource.split("\0")[1] === table))
        found.push(holder);
    return found;
  }
}

const NONE: readonly never[] = [];

/** @returns false where that much was held before */
function note(held: Held, lock: Lock): boolean {
  const { locks } = held;
  if (held.index === null && locks.length > FEW) {
    held.index = new Map();
    for (const [at, { resource }] of locks.entries()) indexed(held.index, resource, at);
  }
  const places = held.index === null ? null : (held.index.get(lock.resource) ?? NONE);
  const isSame = (known: Lock): boolean =>
    known.resource === lock.resource &&
    (known.mode === lock.mode || (isShared(known.mode) ? known.mode !== "read" : known.mode !== "change"));
  const known =
    places === null ? locks.find(isSame) : places.map((at) => locks[at]).find((each) => each && isSame(each));
  if (known === undefined) {
    if (held.index !== null) indexed(held.index, lock.resource, locks.length);
    locks.push({ resource: lock.resource, mode: lock.mode });
    return true;
  }
  if (rank[lock.mode] <= rank[known.mode]) return false;
  known.mode = lock.mode;
  return true;
}

function indexed(index: Map<string, number[]>, resource: string, at: number): void {
  const places = index.get(resource);
  if (places === undefined) index.set(resource, [at]);
  else places.push(at);
}

function others(owners: Owners, owner: TransactionId): readonly TransactionId[] {
  if (owners === null || owners === owner) return NONE;
  if (typeof owners === "string") return [owners];
  return owners.size === 1 && owners.has(owner) ? NONE : [...owners].filter((each) => each !== owner);
}

function including(owners: Owners, owner: TransactionId): Owners {
  if (owners === null || owners === owner) return owner;
  return typeof owners === "string" ? new Set([owners, owner]) : owners.add(owner);
}

function without(owners: Owners, owner: TransactionId): Owners {
  if (owners === owner) return null;
  if (owners === null || typeof owners === "string") return owners;
  owners.delete(owner);
  return owners.size === 0 ? null : owners;
}
