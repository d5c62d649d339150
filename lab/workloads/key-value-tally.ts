/** The sum that each row keeps of the transactions that wrote it: it tells a write that was overwritten from one that never was. */

import { scrambled } from "../random.ts";

/** Sums stay exact in a JavaScript number. */
export const TALLY_SIZE = 2 ** 52;

/** What a transaction adds to each row that it writes: 31 bits that tell it from others, never 0. */
export function tag(number: number): number {
  return (scrambled(number) >>> 1) + 1;
}

/** What was added in between. */
export function added(before: number, after: number): number {
  return (after - before + TALLY_SIZE) % TALLY_SIZE;
}

/** The one choice of tags with this sum: for each, whether it is in it. null: there is none, or more than one. */
export function chosen(
  tags: readonly number[],
  sum: number,
): { readonly picks: readonly boolean[] | null; readonly possible: boolean } {
  let found: number | null = null;
  for (let set = 0; set < 2 ** tags.length; set += 1) {
    let total = 0;
    for (const [index, each] of tags.entries()) if ((set >>> index) & 1) total += each;
    if (total !== sum) continue;
    if (found !== null) return { picks: null, possible: true };
    found = set;
  }
  if (found === null) return { picks: null, possible: false };
  const set = found;
  return { picks: tags.map((_, index) => ((set >>> index) & 1) === 1), possible: true };
}
