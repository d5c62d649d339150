/**
 * Bounds the journal: outcomes are kept for a time or up to a size, whichever ends first, and what must
 * outlive its row (open transactions, tombstones, what is known of peers) is carried forward, so that one
 * in-doubt branch never holds the log.
 */

import type { NodeId, TransactionId } from "../../protocols/index.ts";
import type { Instance, Peer } from "./instance.ts";
import type { Entry } from "./entry.ts";
import type { Kept, Outcomes } from "./outcomes.ts";
import type { Journal } from "./ports.ts";
import { rangeText } from "./ranges.ts";

export interface RetentionTimes {
  /** Outcomes are kept this long, in milliseconds … */
  readonly keepMs: number;
  /** … or until the journal's rows take this many bytes. */
  readonly maxBytes: number;
  /** How often age is looked at where nothing happens, in milliseconds. */
  readonly sweepMs: number;
}

interface Everything {
  readonly instances: Iterable<Instance>;
  readonly outcomes: Outcomes;
  readonly peers: Map<NodeId, Peer>;
  readonly groups: Map<number, { readonly entry: Entry; row: number }>;
}

/** Whether the next write would move the tail. */
export function overBounds(journal: Journal, times: RetentionTimes, nowMs: number, outcomes: Outcomes): boolean {
  return lowWater(journal, times, nowMs, outcomes) > journal.size.firstSequence;
}

/** The tail moves in steps of an eighth of the bound, so that carrying forward is rare. */
const STEP = 8;

/**
 * Appends to `entries` what must be carried forward, and returns the sequence below which rows may go in
 * the transaction that writes those entries; undefined where nothing is over its bound.
 */
export function carryForward(
  { journal, times, nowMs }: { journal: Journal; times: RetentionTimes; nowMs: number },
  { instances, outcomes, peers, groups }: Everything,
  entries: Entry[],
): number | undefined {
  const low = lowWater(journal, times, nowMs, outcomes);
  if (low <= journal.size.firstSequence) return undefined;
  const sequence = journal.size.nextSequence;
  const over: [TransactionId, Kept][] = [];
  for (const each of outcomes.entries()) {
    if (each[1].sequence >= low) break;
    over.push(each);
  }
  for (const [id, kept] of over) {
    if (kept.closed.until === "retention") {
      outcomes.forget(id);
    } else {
      // Carried, and moved behind the newer ones, so that the order stays that of the rows.
      outcomes.drop(id);
      outcomes.add(id, { ...kept, sequence });
      entries.push({ kind: "closed", transaction: id, protocol: kept.protocol, outcome: kept.closed, atMs: kept.atMs });
    }
  }
  for (const through of outcomes.allForgotten()) entries.push({ kind: "forgotten", through });
  for (const instance of instances) {
    if (instance.sequence === 0 || instance.sequence >= low) continue;
    // Some of its rows may stay: replay starts over from here.
    entries.push({ kind: "dropped", transaction: instance.id });
    for (const record of instance.records)
      entries.push({ kind: "record", transaction: instance.id, protocol: instance.protocol, record });
    instance.sequence = sequence;
  }
  for (const [coordinator, watermark] of outcomes.allWatermarks()) {
    if (watermark.sequence >= low) continue;
    entries.push({
      kind: "watermark",
      coordinator,
      below: watermark.below,
      except: watermark.except.ranges.map(rangeText),
    });
    watermark.sequence = sequence;
  }
  for (const [node, peer] of peers) {
    if (peer.row >= low) continue;
    entries.push({
      kind: "peer",
      node,
      role: peer.role,
      log: peer.log,
      incarnation: peer.incarnation,
      boot: peer.boot,
      sequence: peer.sequence,
    });
    peer.row = sequence;
  }
  for (const group of groups.values()) {
    if (group.row >= low) continue;
    entries.push(group.entry);
    group.row = sequence;
  }
  return low;
}

function lowWater(journal: Journal, times: RetentionTimes, nowMs: number, outcomes: Outcomes): number {
  const { firstSequence, bytes } = journal.size;
  let low = firstSequence;
  if (bytes > times.maxBytes)
    low = Math.max(low, journal.sequenceForBytes(times.maxBytes - Math.floor(times.maxBytes / STEP)));
  for (const [, kept] of outcomes.entries()) {
    if (kept.atMs > nowMs - times.keepMs) break;
    if (kept.closed.until === "retention") low = Math.max(low, kept.sequence + 1);
  }
  return low;
}
