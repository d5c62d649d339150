/** A key-value store behind the `Resource` port: strict two-phase locks, waits of the younger for the older, redo that adopts its locks again. */

import { isOlder, type ResourceRequest, type ResourceResult, type TransactionId } from "../../protocols/index.ts";
import type { Resource, ResourceAnswer, ResourceCall } from "../../runtime/engine/index.ts";
import type { Disk } from "./disk.ts";
import { bytes, type Operation, operations, packRedo, text, unpackRedo } from "./work.ts";

interface Branch {
  readonly writes: Map<string, number>;
  readonly reads: Set<string>;
  /** By key, whose write it saw; null: what was there first. */
  readonly seen: Map<string, TransactionId | null>;
  readonly work: string[];
  refuses: boolean;
  prepared: boolean;
}

type Conflict = { readonly kind: "blocked"; readonly by: readonly TransactionId[] } | { readonly kind: "dies" };

/** What a resource tells of itself. */
export interface ResourceHooks {
  /** A rule of locking is broken. */
  violated(what: string): void;
  /** A branch can commit; what it read, by key: whose write it saw. */
  voted?(id: TransactionId, seen: ReadonlyMap<string, TransactionId | null>, readOnly: boolean): void;
  /** A branch has committed; what it wrote. */
  applied?(id: TransactionId, keys: Iterable<string>): void;
  /** A planted bug: who reads takes no lock. */
  readonly unlockedReads?: boolean;
  /** Another one: who reads is told what was there before it waited for its lock. */
  readonly staleReads?: boolean;
}

export class FakeResource implements Resource {
  readonly sharesLog = true;
  /** Branches that can't follow a commit: someone outside wrote to their rows. */
  readonly damaged = new Set<TransactionId>();
  private readonly disk: Disk;
  private readonly hooks: ResourceHooks;
  private readonly branches = new Map<TransactionId, Branch>();
  private released: TransactionId[] = [];
  /** With that bug, by `transaction key`: what was there when it first asked. */
  private readonly looked = new Map<string, number>();

  constructor(disk: Disk, hooks: ResourceHooks) {
    this.disk = disk;
    this.hooks = hooks;
  }

  get lockCount(): number {
    return [...this.branches.values()].reduce((sum, { writes, reads }) => sum + writes.size + reads.size, 0);
  }

  /** Whether the branch holds locks on everything that it will write. */
  holds(id: TransactionId, redo: Uint8Array): boolean {
    const branch = this.branches.get(id);
    return branch?.prepared === true && unpackRedo(redo).writes.every(([key]) => branch.writes.has(key));
  }

  execute(calls: readonly ResourceCall[]): (ResourceAnswer | null)[] {
    return calls.map(({ transaction, request, mayWait }) => this.run(transaction, request, mayWait));
  }

  apply(calls: readonly ResourceCall[]): (ResourceResult | null)[] {
    return calls.map(({ transaction, request }) => {
      this.released.push(transaction);
      return request.act === "commit" ? this.commit(transaction) : null;
    });
  }

  applied(): void {
    for (const id of this.released) this.branches.delete(id);
    this.released = [];
  }

  restored(): void {
    // Nothing here that adopt calls could contradict.
  }

  private run(id: TransactionId, request: ResourceRequest, mayWait: boolean): ResourceAnswer | null {
    switch (request.act) {
      case "adopt": {
        const { writes, reads, work } = unpackRedo(request.redo);
        for (const [key] of writes) {
          const holders = this.holders(id, key, true);
          if (holders.length > 0) this.hooks.violated(`${id} adopts ${key}, which ${holders.join(", ")} holds`);
        }
        const adopted = { writes: new Map(writes), reads: new Set(reads), seen: new Map(), work: [...work] };
        this.branches.set(id, { ...adopted, refuses: false, prepared: true });
        return null;
      }
      case "work": {
        const { item } = request;
        const done = this.work(id, text(request.work), mayWait);
        if (typeof done === "string") return { kind: "worked", item, ok: true, result: bytes(done) };
        if (done.kind === "blocked") return done;
        const reason = done.kind === "dies" ? "CONFLICT" : "STATEMENT_FAILED";
        return { kind: "worked", item, ok: false, reason, detail: done.kind, usable: done.kind === "failed" };
      }
      case "prepare":
        return this.prepare(id, request.work, mayWait, request.holds === true);
      default:
        throw new Error(`${request.act} is not executed`);
    }
  }

  private prepare(id: TransactionId, work: Uint8Array | null, mayWait: boolean, holds: boolean): ResourceAnswer {
    let result = "";
    if (work !== null) {
      const done = this.work(id, text(work), mayWait);
      if (typeof done !== "string") {
        if (done.kind === "blocked") return done;
        this.branches.delete(id);
        const reason = done.kind === "dies" ? "CONFLICT" : "STATEMENT_FAILED";
        return { kind: "prepared", vote: "no", reason, detail: done.kind };
      }
      result = done;
    }
    const branch = this.branch(id);
    if (branch.refuses) {
      this.branches.delete(id);
      return { kind: "prepared", vote: "no", reason: "VOTED_NO", detail: "" };
    }
    const readOnly = branch.writes.size === 0 && !holds;
    this.hooks.voted?.(id, branch.seen, readOnly);
    if (readOnly) {
      this.branches.delete(id);
      return { kind: "prepared", vote: "read-only", result: bytes(result) };
    }
    branch.prepared = true;
    const redo = packRedo({ writes: [...branch.writes], reads: [...branch.reads], work: branch.work });
    return { kind: "prepared", vote: "yes", redo, result: bytes(result) };
  }

  private commit(id: TransactionId): ResourceResult {
    if (this.damaged.has(id)) {
      this.released = this.released.filter((each) => each !== id);
      return { kind: "applied", outcome: "damaged", detail: "a row has changed" };
    }
    const branch = this.branches.get(id);
    if (branch?.prepared !== true) {
      this.hooks.violated(`${id} commits without the locks of its prepare`);
      return { kind: "applied", outcome: "ok" };
    }
    // One that only read has nothing to apply.
    if (branch.writes.size === 0) return { kind: "applied", outcome: "ok" };
    const { values, writers, applied } = this.disk.image;
    this.hooks.applied?.(id, branch.writes.keys());
    this.disk.image = {
      values: new Map([...values, ...branch.writes]),
      writers: new Map([...writers, ...[...branch.writes.keys()].map((key): [string, TransactionId] => [key, id])]),
      applied: new Map(applied).set(id, [...(applied.get(id) ?? []), branch.work.join("; ")]),
    };
    return { kind: "applied", outcome: "ok" };
  }

  /** The values read; or why the work was not done, in which case it changed nothing but locks. */
  private work(id: TransactionId, work: string, mayWait: boolean): string | Conflict | { kind: "failed" } {
    const list = operations(work);
    const branch = this.branch(id);
    if (this.hooks.staleReads === true) this.look(id, branch, list);
    for (const operation of list) {
      if (operation.kind === "fail") return { kind: "failed" };
      if (operation.kind === "die") return { kind: "dies" };
      const conflict = this.conflict(id, operation, mayWait);
      if (conflict !== null) return conflict;
    }
    const read: string[] = [];
    for (const operation of list) {
      if (operation.kind === "no") branch.refuses = true;
      if (operation.kind === "add" || operation.kind === "read") this.see(branch, operation.key);
      if (operation.kind === "add") branch.writes.set(operation.key, this.value(branch, operation.key) + operation.by);
      if (operation.kind === "read") {
        if (this.hooks.unlockedReads !== true) branch.reads.add(operation.key);
        const stale = branch.writes.has(operation.key) ? undefined : this.looked.get(`${id} ${operation.key}`);
        read.push(`${operation.key}=${stale ?? this.value(branch, operation.key)}`);
      }
    }
    branch.work.push(work);
    return read.join(" ");
  }

  private look(id: TransactionId, branch: Branch, list: readonly Operation[]): void {
    for (const operation of list) {
      if (operation.kind !== "read" || this.looked.has(`${id} ${operation.key}`)) continue;
      this.looked.set(`${id} ${operation.key}`, this.value(branch, operation.key));
    }
  }

  /** The younger one waits for the older, and no cycle can arise. */
  private conflict(id: TransactionId, operation: Operation, mayWait: boolean): Conflict | null {
    if (operation.kind !== "add" && operation.kind !== "read") return null;
    if (operation.kind === "read" && this.hooks.unlockedReads === true) return null;
    const by = this.holders(id, operation.key, operation.kind === "add");
    if (by.length === 0) return null;
    return mayWait && by.every((holder) => isOlder(holder, id)) ? { kind: "blocked", by } : { kind: "dies" };
  }

  private holders(id: TransactionId, key: string, exclusive: boolean): TransactionId[] {
    return [...this.branches]
      .filter(([other, branch]) => other !== id && (branch.writes.has(key) || (exclusive && branch.reads.has(key))))
      .map(([other]) => other);
  }

  /** The first time counts: after that its lock keeps it. */
  private see({ writes, seen }: Branch, key: string): void {
    if (!writes.has(key) && !seen.has(key)) seen.set(key, this.disk.image.writers.get(key) ?? null);
  }

  private value(branch: Branch, key: string): number {
    return branch.writes.get(key) ?? this.disk.image.values.get(key) ?? 0;
  }

  private branch(id: TransactionId): Branch {
    const known = this.branches.get(id);
    if (known !== undefined) return known;
    const branch: Branch = {
      writes: new Map(),
      reads: new Set(),
      seen: new Map(),
      work: [],
      refuses: false,
      prepared: false,
    };
    this.branches.set(id, branch);
    return branch;
  }
}
