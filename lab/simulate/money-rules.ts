/**
 * A run of transfers (transfers.ts) as its users see it: what clients were told and what they read, against what the
 * accounts and ledgers hold when all is over. It looks at no message, vote or journal.
 */

import type { Answer, NodeId, TransactionId } from "../../protocols/index.ts";
import { compareLedgers, type Told } from "../workloads/compare.ts";
import type { Plan } from "./plan.ts";
import type { Probe } from "./probe.ts";
import { accounts, numberOf, transferOf, type Transfer } from "./transfers.ts";
import { text } from "./work.ts";
import type { World } from "./world.ts";

interface Facts {
  readonly transfer: Transfer;
  /** `participant account` to the balance that the client was told. */
  readonly seen: Map<string, number>;
  told: "committed" | "aborted" | "unknown";
}

export class MoneyRules implements Probe {
  private readonly report: (what: string) => void;
  private readonly facts = new Map<TransactionId, Facts>();
  /** `participant account` of all. */
  private all: readonly string[] = [];

  constructor(report: (what: string) => void) {
    this.report = report;
  }

  watch({ participants }: World): void {
    this.all = participants.flatMap(({ name }) => accounts.map((account) => `${name} ${account}`));
  }

  begun({ id, work }: Plan): void {
    this.facts.set(id, { transfer: transferOf(work), seen: new Map(), told: "unknown" });
  }

  worked(id: TransactionId, participant: NodeId, result: Uint8Array): void {
    const seen = this.facts.get(id)?.seen;
    for (const [, account = "", balance] of text(result).matchAll(/(\S+)=(-?\d+)/gu))
      seen?.set(`${participant} ${account}`, Number(balance));
  }

  answered(id: TransactionId, answer: Answer): void {
    const facts = this.facts.get(id);
    if (facts === undefined || (answer.outcome !== "committed" && answer.outcome !== "aborted")) return;
    facts.told = answer.outcome;
    if (answer.outcome === "aborted") return;
    for (const [participant, result] of answer.results) this.worked(id, participant, result);
    this.audited(id, facts);
  }

  /** When all is over. */
  final({ participants }: World): void {
    const ledgers = new Map<NodeId, Map<number, number>>();
    let money = 0;
    for (const { name, disk } of participants) {
      const ledger = new Map<number, number>();
      for (const [key, value] of disk.image.values) {
        const number = numberOf(key);
        if (number === null) money += value;
        else ledger.set(number, value);
      }
      ledgers.set(name, ledger);
    }
    const told = [...this.facts].flatMap(([transaction, each]): Told[] => {
      const { number, deltas } = each.transfer;
      if (number === null) return [];
      return [{ type: "transfer", number, outcome: { kind: each.told, transaction }, deltas }];
    });
    const { violations, brought } = compareLedgers(new Map(), ledgers, told);
    for (const what of violations) this.report(what);
    if (money !== brought || money !== 0)
      this.report(`the accounts hold ${money}, the ledgers say ${brought}, and no money ever came or went`);
  }

  /** Who looked at every account, and committed, saw one moment: the sum was what it always is. */
  private audited(id: TransactionId, { transfer, seen }: Facts): void {
    if (!this.all.every((account) => transfer.reads.has(account) && seen.has(account))) return;
    // What it brought itself before it looked is no money of others.
    if (transfer.brought.size > 0) return;
    const sum = this.all.reduce((before, account) => before + (seen.get(account) ?? 0), 0);
    if (sum === 0) return;
    const balances = this.all.map((account) => `${account} ${seen.get(account)}`);
    this.report(`${id} saw ${balances.join(", ")}, which is ${sum} altogether, and no money ever came or went`);
  }
}
