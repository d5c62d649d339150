/** A state of the whole: numbers of sites, what may still go wrong, what was said, and the letters in flight. */

export type State = readonly number[];

/** What was said or has happened, in bits. TOLD_COMMIT and TOLD_ABORT are the first two. */
export const EXCUSED = 4;
export const CLOSED = 8;

/** Where what is, for so many nodes. */
export class Layout {
  readonly nodes: number;
  readonly crashes: number;
  readonly losses: number;
  readonly duplicates: number;
  readonly suspicions: number;
  readonly timers: number;
  readonly flags: number;
  readonly alarm: number;
  /** From here on, sorted; one that is there twice was duplicated. */
  readonly letters: number;
  private bytes = new Uint8Array(64);

  constructor(nodes: number) {
    this.nodes = nodes;
    this.crashes = nodes;
    this.losses = nodes + 1;
    this.duplicates = nodes + 2;
    this.suspicions = nodes + 3;
    this.timers = nodes + 4;
    this.flags = nodes + 5;
    this.alarm = nodes + 6;
    this.letters = nodes + 7;
  }

  /** Three bytes a site, one for what is counted, two for an alarm and each letter. */
  pack(state: State): Uint8Array {
    const size = this.nodes * 3 + 6 + 2 + (state.length - this.letters) * 2;
    if (size > this.bytes.length) this.bytes = new Uint8Array(size * 2);
    const { bytes } = this;
    // A loop for each width: this runs for every transition.
    let [at, field, excess] = [0, 0, 0];
    for (; field < this.nodes; field += 1, at += 3) {
      const value = state[field] ?? 0;
      bytes[at] = value;
      bytes[at + 1] = value >>> 8;
      bytes[at + 2] = value >>> 16;
      excess |= value >>> 24;
    }
    for (; field < this.alarm; field += 1, at += 1) {
      const value = state[field] ?? 0;
      bytes[at] = value;
      excess |= value >>> 8;
    }
    for (; field < state.length; field += 1, at += 2) {
      const value = state[field] ?? 0;
      bytes[at] = value;
      bytes[at + 1] = value >>> 8;
      excess |= value >>> 16;
    }
    if (excess !== 0) throw new RangeError("there are more sites or messages than a state can name");
    return bytes.subarray(0, size);
  }

  unpack(bytes: Uint8Array): State {
    const state: number[] = [];
    for (let at = 0; at < bytes.length;) {
      const width = this.widthOf(state.length);
      let value = bytes[at] ?? 0;
      if (width > 1) value |= (bytes[at + 1] ?? 0) << 8;
      if (width > 2) value |= (bytes[at + 2] ?? 0) << 16;
      state.push(value);
      at += width;
    }
    return state;
  }

  private widthOf(field: number): number {
    if (field < this.nodes) return 3;
    return field < this.alarm ? 1 : 2;
  }
}
