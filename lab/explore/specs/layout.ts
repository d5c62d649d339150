/** States of the specifications: fields of one byte each in a row, which are their own packed form. */

export type Bytes = Uint8Array;

/** Deals out the places of a state's fields. */
export class Layout {
  sizeBytes = 0;

  /** @returns the place of the first of `count` fields */
  fields(count: number): number {
    const at = this.sizeBytes;
    this.sizeBytes += count;
    return at;
  }
}

/** 0 to count − 1. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
