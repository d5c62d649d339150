/** The states that wait to be explored: a queue of packed bytes, which gives the memory of those that were taken back. */

const CHUNK_BYTES = 2 ** 20;
const LENGTH_BYTES = 4;

interface Chunk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  end: number;
}

function chunkFor(sizeBytes: number): Chunk {
  const bytes = new Uint8Array(Math.max(CHUNK_BYTES, sizeBytes));
  return { bytes, view: new DataView(bytes.buffer), end: 0 };
}

export class Frontier {
  private chunks: Chunk[] = [chunkFor(0)];
  private first = 0;
  private at = 0;

  put(state: Uint8Array): void {
    const needed = LENGTH_BYTES + state.length;
    let last = this.chunks.at(-1) as Chunk;
    if (last.end + needed > last.bytes.length) {
      last = chunkFor(needed);
      this.chunks.push(last);
    }
    last.view.setUint32(last.end, state.length);
    last.bytes.set(state, last.end + LENGTH_BYTES);
    last.end += needed;
  }

  /** The oldest one; null where none is left. */
  take(): Uint8Array | null {
    let chunk = this.chunks[this.first] as Chunk;
    if (this.at === chunk.end) {
      if (this.first === this.chunks.length - 1) return null;
      this.first += 1;
      this.at = 0;
      chunk = this.chunks[this.first] as Chunk;
      // Now and then, so that a queue of thousands of chunks isn't moved for each.
      if (this.first >= 64) {
        this.chunks = this.chunks.slice(this.first);
        this.first = 0;
      }
    }
    const start = this.at + LENGTH_BYTES;
    this.at = start + chunk.view.getUint32(this.at);
    return chunk.bytes.subarray(start, this.at);
  }
}
