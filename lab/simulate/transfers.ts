/**
 * Work that moves money between accounts at several participants, and audits that look at all of them, with a ledger at
 * each: a transaction leaves its number there, and what it brought. All accounts begin empty and may fall below
 * that, so that whatever becomes of every transaction their sum is nothing.
 */

import type { NodeId } from "../../protocols/index.ts";
import type { Seeded } from "./random.ts";
import type { Work } from "./setting.ts";
import { operations } from "./work.ts";

/** At each participant. */
export const accounts: readonly string[] = ["x", "y"];

const ENTRY = "#";

/**
 * @param number its own in the run
 * @param mayOnlyRead whether all of its branches may drop out with their votes
 */
export function drawTransfer(
  random: Seeded,
  participants: readonly NodeId[],
  number: number,
  mayOnlyRead: boolean,
): Work {
  if (random.chance(0.3)) {
    const looks = accounts.map((account) => `read ${account}`);
    const leavesEntry = !mayOnlyRead || random.chance(0.4);
    const items = leavesEntry ? [...looks, entry(number, 0)] : looks;
    return Object.fromEntries(random.some(participants, participants.length).map((node) => [node, items]));
  }
  const parties = random.some(participants, random.pick([1, 2, 2, 2, 3]));
  const amount = random.between(1, 9);
  const [payer = "", ...others] = parties;
  const [from = "", to = ""] = random.some(accounts, 2);
  const pays = [...looked(random, from), `add ${from} ${-amount * Math.max(1, others.length)}`];
  if (others.length === 0) return { [payer]: [...pays, `add ${to} ${amount}`, entry(number, 0)] };
  const work: Record<NodeId, string[]> = { [payer]: [...pays, entry(number, -amount * others.length)] };
  for (const node of others) {
    const account = random.pick(accounts);
    work[node] = [...looked(random, account), `add ${account} ${amount}`, entry(number, amount)];
    if (random.chance(0.05)) work[node].push("no");
  }
  return work;
}

function looked(random: Seeded, account: string): string[] {
  return random.chance(0.2) ? [`read ${account}`] : [];
}

function entry(number: number, delta: number): string {
  return `add ${ENTRY}${number} ${delta}`;
}

/** The number in a ledger by the key of its entry; null: it is an account. */
export function numberOf(key: string): number | null {
  return key.startsWith(ENTRY) ? Number(key.slice(ENTRY.length)) : null;
}

/** What a transaction's work says that it does. */
export interface Transfer {
  /** null: it leaves no entry. */
  readonly number: number | null;
  /** By participant: what its entry says. */
  readonly deltas: ReadonlyMap<NodeId, number>;
  /** By participant: what it brings to the accounts there. */
  readonly brought: ReadonlyMap<NodeId, number>;
  /** `participant account` of what it reads. */
  readonly reads: ReadonlySet<string>;
}

export function transferOf(work: Iterable<readonly [NodeId, readonly string[]]>): Transfer {
  let number: number | null = null;
  const deltas = new Map<NodeId, number>();
  const brought = new Map<NodeId, number>();
  const reads = new Set<string>();
  for (const [node, items] of work)
    for (const operation of items.flatMap(operations)) {
      if (operation.kind === "read") reads.add(`${node} ${operation.key}`);
      if (operation.kind !== "add") continue;
      const { key, by } = operation;
      const named = numberOf(key);
      if (named === null) brought.set(node, (brought.get(node) ?? 0) + by);
      else {
        number = named;
        deltas.set(node, by);
      }
    }
  return { number, deltas, brought, reads };
}

/** Whether no money comes or goes by it, and its entries say what it brings: parts of a transaction that lack others are none. */
export function isBalanced(work: Work): boolean {
  const { deltas, brought } = transferOf(Object.entries(work));
  const sum = [...brought.values()].reduce((all, by) => all + by, 0);
  return sum === 0 && [...brought].every(([node, by]) => deltas.get(node) === by);
}
