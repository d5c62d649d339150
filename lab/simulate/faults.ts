/**
 * Everything that can go wrong in a simulated cluster, as data: a schedule lists its faults, a report counts them, and
 * a shrunk schedule keeps the few that are needed (protocols §0.1 W1–W3).
 */

import type { NodeId } from "../../protocols/index.ts";
import type { CrashPoint } from "./journal.ts";
import type { Tail } from "./disk.ts";

/** Times are virtual milliseconds from the start of the run. */
export type Fault =
  /** The process dies, between two turns; after `downMs` it is started again. */
  | {
      readonly kind: "crash";
      readonly atMs: number;
      readonly node: NodeId;
      readonly tail: Tail;
      readonly downMs: number;
    }
  /** The process dies in the turn of its next forced write, or of a later one after `skip` of them. */
  | {
      readonly kind: "crash at write";
      readonly atMs: number;
      readonly node: NodeId;
      readonly point: CrashPoint;
      readonly skip: number;
      readonly downMs: number;
    }
  /** The process dies when `skip` frames have left from now on: the others of that turn never do. */
  | {
      readonly kind: "crash at send";
      readonly atMs: number;
      readonly node: NodeId;
      readonly skip: number;
      readonly tail: Tail;
      readonly downMs: number;
    }
  /** The link is down for both ends, and both are told. */
  | { readonly kind: "cut"; readonly atMs: number; readonly a: NodeId; readonly b: NodeId; readonly forMs: number }
  /** Two sides, and no link between them. */
  | { readonly kind: "partition"; readonly atMs: number; readonly side: readonly NodeId[]; readonly forMs: number }
  /** What `from` sends does not reach `to`, and nobody is told: one way of a partition. */
  | {
      readonly kind: "one-way";
      readonly atMs: number;
      readonly from: NodeId;
      readonly to: NodeId;
      readonly forMs: number;
    }
  /** Two nodes take each other for dead, and their messages arrive all the same. */
  | {
      readonly kind: "suspicion";
      readonly atMs: number;
      readonly a: NodeId;
      readonly b: NodeId;
      readonly forMs: number;
    }
  /** The process does nothing for a while: a long collection, a stopped virtual machine. */
  | { readonly kind: "pause"; readonly atMs: number; readonly node: NodeId; readonly forMs: number }
  /** Every forced write takes `writeMs`. */
  | {
      readonly kind: "slow disk";
      readonly atMs: number;
      readonly node: NodeId;
      readonly forMs: number;
      readonly writeMs: number;
    }
  /** The process's clock runs at this rate from the start: 2 is twice as fast as it should. */
  | { readonly kind: "drift"; readonly atMs: 0; readonly node: NodeId; readonly rate: number }
  /** The calendar is set forward or back. */
  | { readonly kind: "jump"; readonly atMs: number; readonly node: NodeId; readonly byMs: number }
  /**
   * The process dies, and is started with another directory: an empty one, or a copy made at `copiedAtMs`. Its peers
   * must notice; it stops when one does, and gets its own directory back when all faults stop.
   */
  | {
      readonly kind: "directory";
      readonly atMs: number;
      readonly node: NodeId;
      readonly copiedAtMs: number | null;
      readonly downMs: number;
    }
  /**
   * An acceptor dies for good, with what it had written. An operator puts another one in its place, under an identity of
   * its own: each coordinator hears of it `afterMs` after the one before, or as soon as it can (protocols §E.4, §E.6).
   */
  | {
      readonly kind: "lost for good";
      readonly atMs: number;
      readonly node: NodeId;
      readonly by: NodeId;
      readonly afterMs: number;
    }
  /** What became of one message: the `number`-th from one node to another. */
  | {
      readonly kind: "message";
      readonly from: NodeId;
      readonly to: NodeId;
      readonly number: number;
      /** One delay in milliseconds for each copy that arrives; none: it is lost. */
      readonly delaysMs: readonly number[];
    };

/** By what reports call them. */
export const faultNames = [
  "crash",
  "crash at write",
  "torn write",
  "failed write",
  "crash at send",
  "lost tail",
  "cut",
  "partition",
  "one-way",
  "suspicion",
  "pause",
  "slow disk",
  "drift",
  "jump",
  "lost directory",
  "stale directory",
  "lost for good",
  "lost message",
  "copied message",
  "late message",
] as const;
export type FaultName = (typeof faultNames)[number];

/** Delivered later than this, a message counts as late, in milliseconds. */
const LATE_MS = 20;

/** All names that a fault goes by. */
export function namesOf(fault: Fault): FaultName[] {
  switch (fault.kind) {
    case "crash at write": {
      const { when, tail } = fault.point;
      const at = when === "torn" ? "torn write" : when === "failed" ? "failed write" : "crash at write";
      return tail === "lost" ? [at, "lost tail"] : [at];
    }
    case "crash":
    case "crash at send":
      return fault.tail === "lost" ? [fault.kind, "lost tail"] : [fault.kind];
    case "directory":
      return [fault.copiedAtMs === null ? "lost directory" : "stale directory"];
    case "message":
      if (fault.delaysMs.length === 0) return ["lost message"];
      if (fault.delaysMs.length > 1) return ["copied message"];
      return (fault.delaysMs[0] ?? 0) > LATE_MS ? ["late message"] : [];
    default:
      return [fault.kind];
  }
}

/** One line for people. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case "crash":
      return `${at(fault)}: ${fault.node} is killed${tailOf(fault.tail)}, and back after ${ms(fault.downMs)}`;
    case "crash at write": {
      const { when, tail } = fault.point;
      const where = {
        before: "before its next write",
        torn: "in its next write, of which a part reaches the disk",
        failed: "since its next write fails",
        after: "after its next write, before anything leaves",
      }[when];
      const skip = fault.skip === 0 ? "" : ` but ${fault.skip}`;
      return `${at(fault)}: ${fault.node} dies ${where}${skip}${tailOf(tail)}; it is back ${ms(fault.downMs)} after`;
    }
    case "crash at send":
      return `${at(fault)}: ${fault.node} dies when ${fault.skip} more frames have left${tailOf(fault.tail)}; it is back ${ms(fault.downMs)} after`;
    case "cut":
      return `${at(fault)}: the link of ${fault.a} and ${fault.b} is down for ${ms(fault.forMs)}`;
    case "partition":
      return `${at(fault)}: ${fault.side.join(", ")} can't reach the others, nor they ${fault.side.length === 1 ? "it" : "them"}, for ${ms(fault.forMs)}`;
    case "one-way":
      return `${at(fault)}: nothing from ${fault.from} reaches ${fault.to} for ${ms(fault.forMs)}`;
    case "suspicion":
      return `${at(fault)}: ${fault.a} and ${fault.b} take each other for dead for ${ms(fault.forMs)}`;
    case "pause":
      return `${at(fault)}: ${fault.node} stands still for ${ms(fault.forMs)}`;
    case "slow disk":
      return `${at(fault)}: each write of ${fault.node} takes ${ms(fault.writeMs)}, for ${ms(fault.forMs)}`;
    case "drift":
      return `the clock of ${fault.node} runs at ${fault.rate.toFixed(2)} of its rate`;
    case "jump":
      return `${at(fault)}: the calendar of ${fault.node} jumps by ${ms(fault.byMs)}`;
    case "directory":
      return fault.copiedAtMs === null
        ? `${at(fault)}: ${fault.node} dies, and is started with an empty directory`
        : `${at(fault)}: ${fault.node} dies, and is started with a copy of its directory from ${ms(fault.copiedAtMs)}`;
    case "lost for good":
      return `${at(fault)}: ${fault.node} is lost for good; each coordinator is given ${fault.by} for it, ${ms(fault.afterMs)} after the one before`;
    case "message": {
      const what = `message ${fault.number} from ${fault.from} to ${fault.to}`;
      if (fault.delaysMs.length === 0) return `${what} is lost`;
      const [first = 0, ...others] = fault.delaysMs;
      return others.length === 0
        ? `${what} takes ${ms(first)}`
        : `${what} arrives after ${fault.delaysMs.map(ms).join(" and ")}`;
    }
    default:
      return fault satisfies never;
  }
}

function at({ atMs }: { readonly atMs: number }): string {
  return ms(atMs);
}

function ms(time: number): string {
  return `${Math.round(time)} ms`;
}

function tailOf(tail: Tail): string {
  return tail === "lost" ? " and loses what it had not forced" : "";
}
