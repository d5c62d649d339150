/**
 * Transaction ids that a coordinator gave to one stream, in blocks. An id names a request before it is sent,
 * so that after a lost connection the same id asks for the same transaction's outcome.
 */

export interface IdBlock {
  readonly prefix: string;
  readonly first: number;
  readonly count: number;
}

const SEQUENCE_DIGITS = 8;

export class IdSupply {
  private readonly blocks: { readonly prefix: string; next: number; readonly end: number }[] = [];
  /** Not begun with after all. Left unused, they would hold the coordinator's watermark back while the stream lasts. */
  private readonly returned: string[] = [];

  add({ prefix, first, count }: IdBlock): void {
    this.blocks.push({ prefix, next: first, end: first + count });
  }

  /** null where all are used: the coordinator sends more. */
  take(): string | null {
    const again = this.returned.pop();
    if (again !== undefined) return again;
    const [block] = this.blocks;
    if (block === undefined) return null;
    const id = block.prefix + block.next.toString(36).padStart(SEQUENCE_DIGITS, "0");
    block.next += 1;
    if (block.next === block.end) this.blocks.shift();
    return id;
  }

  /** The coordinator refused the request at the door: nothing was begun under the id. */
  giveBack(id: string): void {
    this.returned.push(id);
  }
}

/** The coordinator that an id belongs to; "" for a text that is no id. */
export function coordinatorOf(id: string): string {
  return id.slice(0, Math.max(0, id.indexOf(".")));
}
