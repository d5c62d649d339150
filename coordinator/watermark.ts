/**
 * What a coordinator tells its participants of closed ids, so that they may drop tombstones and outcome rows
 * (protocols §0.3). Neither a client that holds ids and hardly uses them nor transactions that stay open for
 * long keep more open than themselves and what lies close to them.
 */

import { parseTransactionId, transactionId, type NodeId, type TransactionId } from "../protocols/index.ts";
import { IdRanges, rangeOf, rangeText, type IdRange, type Watermark } from "../runtime/engine/index.ts";

export interface Word {
  /** All ids below are closed … */
  readonly below: TransactionId;
  /** … but for these: ids, or ranges of them. */
  readonly except: readonly string[];
}

/** Exceptions named at most: with more, those that lie close together become one. */
const EXCEPTIONS = 256;

/**
 * @param end no id from here on was given out
 * @param open transactions that are not over
 * @param unused ids that may still be used for the first time
 */
export function watermarkOf(end: TransactionId, open: readonly TransactionId[], unused: readonly IdRange[]): Word {
  const { ranges } = IdRanges.of([...open.map((id) => ({ first: id, last: id })), ...unused]);
  return { below: end, except: joined(ranges).map(rangeText) };
}

/** Whether all ids from the first one on, and before the other one, are closed by this word. */
export function closesAll({ below, except }: Word, from: TransactionId, before: TransactionId): boolean {
  if (from >= before) return true;
  return before <= below && except.map(rangeOf).every(({ first, last }) => last < from || first >= before);
}

/** No id of an incarnation comes after this sequence: eight digits in base 36. */
const LAST_SEQUENCE = 36 ** 8 - 1;

/**
 * What of earlier incarnations may be open for all that this one knows. Where acceptors decide, a coordinator writes
 * nothing of its transactions, so that after a restart an id of which it knows nothing may be decided and not be over:
 * only its own last word in the journal says what is.
 *
 * @param known its own last word
 */
export function unknownAfter(self: NodeId, incarnation: number, known: Watermark | undefined): readonly IdRange[] {
  const first = known?.below ?? transactionId(self, 1, 0);
  const last = transactionId(self, incarnation - 1, LAST_SEQUENCE);
  return [...(known?.except.ranges ?? []), ...(first <= last ? [{ first, last }] : [])];
}

/** What is left of them without these ids. */
export function without(ranges: readonly IdRange[], ids: readonly TransactionId[]): readonly IdRange[] {
  const sorted = ids.toSorted();
  return ranges.flatMap(({ first, last }) => {
    const parts: IdRange[] = [];
    let from = first;
    for (let at = placeOf(sorted, first); at < sorted.length; at += 1) {
      const id = sorted[at] ?? "";
      if (id > last) break;
      if (from < id) parts.push({ first: from, last: beside(id, -1) });
      from = beside(id, 1);
    }
    return from <= last ? [...parts, { first: from, last }] : parts;
  });
}

/** Of the first that is not before it. */
function placeOf(sorted: readonly TransactionId[], id: TransactionId): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? "") < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The id before one in the order of ids, or the one after it. */
function beside(id: TransactionId, step: -1 | 1): TransactionId {
  const { coordinator, incarnation, sequence } = parseTransactionId(id) ?? {
    coordinator: "",
    incarnation: 0,
    sequence: 0,
  };
  const next = sequence + step;
  if (next < 0) return transactionId(coordinator, incarnation - 1, LAST_SEQUENCE);
  if (next > LAST_SEQUENCE) return transactionId(coordinator, incarnation + 1, 0);
  return transactionId(coordinator, incarnation, next);
}

/** Parted where the gaps between them are widest: what is in a gap counts as open, too, which is only a waste. */
function joined(ranges: readonly IdRange[]): readonly IdRange[] {
  if (ranges.length <= EXCEPTIONS) return ranges;
  const gaps = ranges
    .slice(1)
    .map(({ first }, index) => ({ index, width: distance(ranges[index]?.last ?? "", first) }));
  const cuts = gaps
    .toSorted((a, b) => b.width - a.width)
    .slice(0, EXCEPTIONS - 1)
    .map(({ index }) => index + 1)
    .toSorted((a, b) => a - b);
  return [0, ...cuts].map((from, place) => ({
    first: ranges[from]?.first ?? "",
    last: ranges[(cuts[place] ?? ranges.length) - 1]?.last ?? "",
  }));
}

function distance(from: TransactionId, to: TransactionId): number {
  const [a, b] = [parseTransactionId(from), parseTransactionId(to)];
  if (a === null || b === null || a.incarnation !== b.incarnation) return Infinity;
  return b.sequence - a.sequence;
}
