/** What clients were told of their transactions, against the ledgers of all participants that these touched. */

/** By participant: each entry's delta by its number. */
export type Ledgers = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** What a client was told of one transaction. */
export interface Told {
  readonly type: string;
  readonly number: number;
  readonly outcome:
    | { readonly kind: "committed" | "aborted" | "unknown" | "forgotten"; readonly transaction: string | null }
    | { readonly kind: "refused"; readonly reason: string };
  /** By participant: what its ledger must hold of the transaction. */
  readonly deltas: ReadonlyMap<string, number>;
}

/**
 * Committed, then its entry is in every ledger that it touched; aborted, then in none; unknown, then in all or none;
 * and no entry is new that nobody submitted. `brought`: the sum of what is new.
 */
export function compareLedgers(
  before: Ledgers,
  after: Ledgers,
  answers: Iterable<Told>,
): { readonly violations: string[]; readonly brought: number } {
  const violations: string[] = [];
  const answered = new Set<number>();
  for (const answer of answers) {
    answered.add(answer.number);
    const wrong = contradiction(answer, after);
    if (wrong !== null) violations.push(wrong);
  }
  let brought = 0;
  for (const [participant, entries] of after) {
    const old = before.get(participant);
    for (const [number, delta] of entries) {
      if (old?.has(number) === true) continue;
      brought += delta;
      if (!answered.has(number))
        violations.push(`${participant} has an entry for number ${number}, which nobody submitted`);
    }
  }
  return { violations, brought };
}

function contradiction({ type, number, outcome, deltas }: Told, ledgers: Ledgers): string | null {
  const found = [...ledgers].filter(([, entries]) => entries.has(number)).map(([bank]) => bank);
  const wanted = [...deltas.keys()];
  const all = wanted.length === found.length && wanted.every((bank) => found.includes(bank));
  const say = (what: string): string =>
    `${type} ${number} (${"transaction" in outcome ? outcome.transaction : outcome.reason}) was told ${outcome.kind}, and ${what}`;
  const where = found.length === 0 ? "no bank has it" : `only ${found.join(", ")} of ${wanted.join(", ")} has it`;
  switch (outcome.kind) {
    case "committed": {
      if (!all) return say(where);
      const wrong = wanted.find((bank) => ledgers.get(bank)?.get(number) !== deltas.get(bank));
      return wrong === undefined ? null : say(`${wrong} has another amount`);
    }
    case "aborted":
    case "refused":
      return found.length === 0 ? null : say(`${found.join(", ")} has it`);
    case "unknown":
    case "forgotten":
      return all || found.length === 0 ? null : say(where);
    default:
      return outcome satisfies never;
  }
}
