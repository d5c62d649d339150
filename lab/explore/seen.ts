/** Which states were seen: a set of fingerprints that numbers them in the order of discovery and knows who found each. */

const WORDS = 5;
const CHUNK_BITS = 16;
const CHUNK = 2 ** CHUNK_BITS;
const FIRST_SLOTS = 2 ** 12;
/** An initial state's. */
const NOBODY = 0xffff_ffff;
/** Where the table would get more slots than a 32-bit mask reaches. */
export const LARGEST_SIZE = 1_600_000_000;

/**
 * 20 bytes for a state, and 5.3 to 10.7 for its place in the table: open addressing over numbers of states. Chunks
 * instead of one array, so that growing copies only the table.
 */
export class Seen {
  size = 0;
  /** Fingerprint and parent. */
  private readonly chunks: Uint32Array[] = [];
  /** A state's number + 1; 0 is free. */
  private slots = new Uint32Array(FIRST_SLOTS);

  /**
   * @param parent the number of the state that it was found from; null for an initial one
   * @returns whether it is new; its number is then the former size
   */
  add(fingerprint: Uint32Array, parent: number | null): boolean {
    if ((this.size + 1) * 4 > this.slots.length * 3) this.grow();
    const mask = this.slots.length - 1;
    let slot = (fingerprint[0] ?? 0) & mask;
    for (let entry = this.slots[slot] ?? 0; entry !== 0; entry = this.slots[slot] ?? 0) {
      if (this.is(entry - 1, fingerprint)) return false;
      slot = (slot + 1) & mask;
    }
    const at = (this.size % CHUNK) * WORDS;
    if (at === 0) this.chunks.push(new Uint32Array(CHUNK * WORDS));
    const chunk = this.chunkOf(this.size);
    chunk.set(fingerprint, at);
    chunk[at + 4] = parent ?? NOBODY;
    this.size += 1;
    this.slots[slot] = this.size;
    return true;
  }

  is(state: number, fingerprint: Uint32Array): boolean {
    const chunk = this.chunkOf(state);
    const at = (state % CHUNK) * WORDS;
    return (
      chunk[at] === fingerprint[0] &&
      chunk[at + 1] === fingerprint[1] &&
      chunk[at + 2] === fingerprint[2] &&
      chunk[at + 3] === fingerprint[3]
    );
  }

  /** The numbers from an initial state's to this one's. */
  pathTo(state: number): number[] {
    const path: number[] = [];
    for (let each = state; each !== NOBODY; each = this.chunkOf(each)[(each % CHUNK) * WORDS + 4] ?? NOBODY)
      path.push(each);
    return path.toReversed();
  }

  private chunkOf(state: number): Uint32Array {
    return this.chunks[state >>> CHUNK_BITS] as Uint32Array;
  }

  private grow(): void {
    const slots = new Uint32Array(this.slots.length * 2);
    const mask = slots.length - 1;
    for (let state = 0; state < this.size; state += 1) {
      let slot = (this.chunkOf(state)[(state % CHUNK) * WORDS] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = state + 1;
    }
    this.slots = slots;
  }
}
