/**
 * Ids that frames and journal rows carried lately, as the strings that the process already has: a vote's id is
 * then the very string under which its transaction is kept, already hashed, and not a new one that has to be put
 * together, hashed and compared.
 */

const SLOTS = 16_384;
/** Coordinators' incarnations seen lately; past this all begin anew. */
const PREFIXES = 32;

/** Those of one prefix, by sequence; a newer one takes an older one's slot. */
export class RecentIds {
  private readonly sequences = new Float64Array(SLOTS).fill(-1);
  private readonly ids: string[] = [];

  get(sequence: number): string | undefined {
    const slot = sequence % SLOTS;
    return this.sequences[slot] === sequence ? this.ids[slot] : undefined;
  }

  keep(sequence: number, id: string): void {
    const slot = sequence % SLOTS;
    this.sequences[slot] = sequence;
    this.ids[slot] = id;
  }
}

const byPrefix = new Map<string, RecentIds>();

export function recentIdsOf(prefix: string): RecentIds {
  const known = byPrefix.get(prefix);
  if (known !== undefined) return known;
  if (byPrefix.size === PREFIXES) byPrefix.clear();
  const fresh = new RecentIds();
  byPrefix.set(prefix, fresh);
  return fresh;
}
