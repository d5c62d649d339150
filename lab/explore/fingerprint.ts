/** 128 bits that stand for a state's bytes. */

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

const BLOCK_BYTES = 16;

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function finished(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/**
 * MurmurHash3 x86_128 (Austin Appleby, public domain) over whole blocks: the last one is filled up with zeros, since the
 * original's way with a rest mixes it badly. Keeps its result in `words`, so that millions of calls allocate nothing.
 */
export class Fingerprint {
  /** The last fingerprint. */
  readonly words = new Uint32Array(4);
  private bytes = new Uint8Array(256);
  private input = new Uint32Array(this.bytes.buffer);

  /** Fills `words`. */
  of(state: Uint8Array): void {
    const { length } = state;
    const padded = Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES;
    if (padded > this.bytes.length) {
      this.bytes = new Uint8Array(padded * 2);
      this.input = new Uint32Array(this.bytes.buffer);
    }
    this.bytes.set(state);
    this.bytes.fill(0, length, padded);
    this.mix(padded / 4, length);
  }

  private mix(inputWords: number, length: number): void {
    const { input, words } = this;
    let [h1, h2, h3, h4] = [0, 0, 0, 0];
    for (let at = 0; at < inputWords; at += 4) {
      h1 ^= Math.imul(rotated(Math.imul(input[at] ?? 0, C1), 15), C2);
      h1 = (Math.imul(rotated(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
      h2 ^= Math.imul(rotated(Math.imul(input[at + 1] ?? 0, C2), 16), C3);
      h2 = (Math.imul(rotated(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
      h3 ^= Math.imul(rotated(Math.imul(input[at + 2] ?? 0, C3), 17), C4);
      h3 = (Math.imul(rotated(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
      h4 ^= Math.imul(rotated(Math.imul(input[at + 3] ?? 0, C4), 18), C1);
      h4 = (Math.imul(rotated(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
    }
    h1 ^= length;
    h2 ^= length;
    h3 ^= length;
    h4 ^= length;
    h1 = (h1 + h2 + h3 + h4) | 0;
    const g2 = finished((h2 + h1) | 0);
    const g3 = finished((h3 + h1) | 0);
    const g4 = finished((h4 + h1) | 0);
    const g1 = (finished(h1) + g2 + g3 + g4) | 0;
    words[0] = g1;
    words[1] = g2 + g1;
    words[2] = g3 + g1;
    words[3] = g4 + g1;
  }
}

/** How likely it is at most that two of so many different states had the same fingerprint, so that one was left out. */
export function collisionProbability(states: number): number {
  return (states * (states - 1)) / 2 ** 129;
}
