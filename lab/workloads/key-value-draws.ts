/**
 * What the key-value workload's transactions are: drawn from a seed, in the manner of YCSB (Cooper, Silberstein,
 * Tam, Ramakrishnan, Sears 2010, "Benchmarking cloud serving systems with YCSB"), each over several participants.
 */

import { NemconError } from "../../runtime/errors/index.ts";
import { scrambled, SeededRandom, Zipfian } from "../random.ts";

export type KeyDistribution = "uniform" | "zipfian" | "ascending" | "latest";
export type KeyValueType = "read" | "update" | "insert" | "readModifyWrite";

export interface KeyValueOptions {
  readonly participants: readonly string[];
  readonly seed: number;
  /** Keys 1 to this are at every participant from the start. Default 10,000. */
  readonly records?: number;
  /** How often each type of transaction comes, by weight. Default: updates only. */
  readonly mix?: Readonly<Partial<Record<KeyValueType, number>>>;
  /**
   * Which keys: `uniform`; `zipfian`, the hot ones spread over all; `ascending`, one after the other and again
   * from the first; `latest`, the hot ones those that were inserted last. Default `uniform`.
   */
  readonly keys?: KeyDistribution;
  /** Skew of `zipfian` and `latest`, in (0, 1). Default 0.99, as in YCSB. */
  readonly theta?: number;
  /** Participants a transaction. Default: all. */
  readonly span?: number;
  /** Keys of a transaction at each of its participants. Default 1. */
  readonly keysPerBranch?: number;
  /** Default 100, a field's size in YCSB. */
  readonly valueBytes?: number;
  /**
   * Each write also adds its transaction's tag to a sum in its row, so that the judge sees writes that were
   * overwritten. Without it a write is `UPDATE kv SET value = ? WHERE key = ?`. Default true.
   */
  readonly tally?: boolean;
}

/** YCSB's core workloads. E is left out: its scans would lock the whole table here, and measure nothing else. */
export const coreWorkloads = {
  a: { mix: { read: 50, update: 50 }, keys: "zipfian" },
  b: { mix: { read: 95, update: 5 }, keys: "zipfian" },
  c: { mix: { read: 100 }, keys: "zipfian" },
  d: { mix: { read: 95, insert: 5 }, keys: "latest" },
  f: { mix: { read: 50, readModifyWrite: 50 }, keys: "zipfian" },
} as const satisfies Readonly<Record<string, Pick<KeyValueOptions, "mix" | "keys">>>;

/** One transaction. */
export interface Draw {
  readonly number: number;
  readonly type: KeyValueType;
  /** Indexes of its participants, and the keys at each, ascending. */
  readonly at: readonly number[];
  readonly keys: readonly (readonly number[])[];
}

/** Where a stream stands: copied, it goes on in the same way. */
interface Position {
  readonly random: SeededRandom;
  readonly number: number;
  /** The next key to insert, at every participant. */
  readonly nextKey: number;
  readonly cursor: number;
}

const YCSB_THETA = 0.99;
const RECORDS = 10_000;

export class Draws {
  readonly records: number;
  private readonly options: KeyValueOptions;
  private readonly types: readonly (readonly [KeyValueType, number])[];
  private readonly weight: number;
  private readonly ranks: Zipfian | null;
  private readonly random: SeededRandom;
  private readonly span: number;
  private readonly keysPerBranch: number;
  private readonly distribution: KeyDistribution;
  /** Of the next transaction. */
  number: number;
  nextKey: number;
  private cursor: number;

  /** @throws NemconError USAGE */
  constructor(options: KeyValueOptions, position?: Position) {
    const { participants, records = RECORDS, mix = { update: 1 }, keys = "uniform", theta = YCSB_THETA } = options;
    const { span = participants.length, keysPerBranch = 1, seed } = options;
    this.options = options;
    this.records = records;
    this.types = Object.entries(mix) as [KeyValueType, number][];
    this.weight = this.types.reduce((sum, [, weight]) => sum + weight, 0);
    this.span = span;
    this.keysPerBranch = keysPerBranch;
    this.distribution = keys;
    if (!(this.weight > 0)) throw new NemconError("USAGE", "A mix needs a type of transaction with a weight above 0.");
    if (this.types.some(([, weight]) => weight < 0))
      throw new NemconError("USAGE", "A weight of a mix is not below 0.");
    if (!(theta > 0 && theta < 1)) throw new NemconError("USAGE", `A skew is between 0 and 1, and ${theta} is not.`);
    if (span < 1 || span > participants.length)
      throw new NemconError("USAGE", `A transaction can't span ${span} of ${participants.length} participants.`);
    // Half of them: distinct keys are drawn until there are enough.
    if (keysPerBranch < 1 || keysPerBranch * 2 > records)
      throw new NemconError("USAGE", `${keysPerBranch} keys a branch need at least ${keysPerBranch * 2} records.`);
    this.ranks = keys === "zipfian" || keys === "latest" ? new Zipfian(records, theta) : null;
    const start = position ?? { random: new SeededRandom(seed), number: 1, nextKey: records + 1, cursor: 0 };
    this.random = start.random;
    this.number = start.number;
    this.nextKey = start.nextKey;
    this.cursor = start.cursor;
  }

  /** One that gives from here on what this one gives. */
  copy(): Draws {
    const { number, nextKey, cursor } = this;
    return new Draws(this.options, { random: this.random.copy(), number, nextKey, cursor });
  }

  next(): Draw {
    const { number } = this;
    this.number += 1;
    const type = this.type();
    const at = this.participants();
    if (type === "insert") {
      const keys = this.consecutive(this.nextKey, Infinity);
      this.nextKey += this.keysPerBranch;
      return { number, type, at, keys: at.map(() => keys) };
    }
    if (this.distribution === "ascending") {
      const keys = this.consecutive(this.cursor + 1, this.records);
      this.cursor = (this.cursor + this.keysPerBranch) % this.records;
      return { number, type, at, keys: at.map(() => keys) };
    }
    return { number, type, at, keys: at.map(() => this.distinct()) };
  }

  private type(): KeyValueType {
    let left = this.random.next() * this.weight;
    for (const [type, weight] of this.types) {
      left -= weight;
      if (left < 0) return type;
    }
    return this.types.at(-1)?.[0] ?? "update";
  }

  private participants(): number[] {
    const { length } = this.options.participants;
    const first = this.span === length ? 0 : this.random.between(0, length - 1);
    return Array.from({ length: this.span }, (_, index) => (first + index) % length);
  }

  private consecutive(first: number, last: number): number[] {
    const keys = Array.from({ length: this.keysPerBranch }, (_, index) =>
      first + index > last ? first + index - last : first + index,
    );
    return keys.toSorted(ascending);
  }

  private distinct(): number[] {
    if (this.keysPerBranch === 1) return [this.key()];
    const keys = new Set<number>();
    while (keys.size < this.keysPerBranch) keys.add(this.key());
    return [...keys].toSorted(ascending);
  }

  private key(): number {
    const { ranks, random, records } = this;
    if (ranks === null) return random.between(1, this.nextKey - 1);
    const rank = ranks.next(random);
    return this.distribution === "latest" ? this.nextKey - rank : 1 + (scrambled(rank) % records);
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}
