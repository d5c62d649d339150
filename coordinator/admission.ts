/**
 * The door of a coordinator: what is taken is answered in time, and what can't be is refused before anything was
 * promised. Only beginnings pass it; what finishes transactions does not.
 */

import type { NodeId, TransactionId } from "../protocols/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import { Door, type Place } from "./door.ts";

/** One participant, and clients that think, have at most this part of all: what is stuck leaves room for the others. */
const PART_OF_ALL = 1 / 2;
/** Work under way of all transactions, in bytes. */
const WORK_BYTES = 64 * 1024 * 1024;

/** The wait that is asked of work that is too large now, in milliseconds. */
const SIZE_HINT_MS = 100;
/** The longest wait that is asked of who has not named a participant yet, in milliseconds. */
const BEGIN_HINT_MS = 500;

export interface AdmissionOptions {
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Transactions under way, of all participants together. */
  readonly limit: number;
}

export interface Refusals {
  readonly refused: number;
  readonly waiting: Readonly<Record<NodeId, number>>;
}

/** What passed the door, until it is over. */
export interface Ticket {
  readonly sizeBytes: number;
  readonly timeoutMs: number;
  readonly sinceMs: number;
  readonly places: Place[];
}

export class Admission {
  private readonly nowMs: () => number;
  private readonly most: { readonly all: number; readonly participant: number; readonly interactive: number };
  private readonly doors = new Map<NodeId, Door>();
  private readonly tickets = new Map<TransactionId, Ticket>();
  private bytes = 0;
  private refused = 0;

  constructor({ nowMs, limit }: AdmissionOptions) {
    this.nowMs = nowMs;
    const part = Math.ceil(limit * PART_OF_ALL);
    this.most = { all: limit, participant: part, interactive: part };
  }

  /**
   * May work at these participants begin?
   *
   * @param underway transactions of all sorts
   * @param timeoutMs the caller's
   * @throws NemconError OVERLOADED, with the time after which there may be room
   */
  check(underway: number, participants: readonly NodeId[], timeoutMs: number): void {
    const common = this.fullness(underway);
    let why = common;
    let retryAfterMs = 0;
    for (const participant of participants) {
      const door = this.door(participant);
      const refused = common ?? door.refusal(timeoutMs);
      if (refused === null) continue;
      why ??= refused;
      retryAfterMs = Math.max(retryAfterMs, door.turnedAway(this.nowMs()));
    }
    if (why === null) return;
    this.refused += 1;
    throw overloaded(why, retryAfterMs);
  }

  /**
   * May a transaction begin whose participants are not known yet?
   *
   * @param open transactions that wait for their clients
   * @throws NemconError OVERLOADED, with the time after which there may be room
   */
  checkBegin(underway: number, open: number): void {
    const doors = [...this.doors.values()];
    const { interactive } = this.most;
    let why = this.fullness(underway);
    if (open >= interactive) why ??= `${open} transactions are open, and ${interactive} may be`;
    // One that is stuck is left out of account; where most are full, its first work would be refused anyway.
    const full = doors.filter((door) => door.isFull);
    if (full.length * 2 > doors.length) why ??= `${full.length} of ${doors.length} participants answer no more in time`;
    if (why === null) return;
    this.refused += 1;
    throw overloaded(why, Math.min(BEGIN_HINT_MS, ...full.map((door) => door.turnedAway(this.nowMs()))));
  }

  /** Is there room for so much work? One request of any size is taken. @throws NemconError OVERLOADED */
  checkSize(sizeBytes: number): void {
    if (this.bytes === 0 || this.bytes + sizeBytes <= WORK_BYTES) return;
    this.refused += 1;
    throw overloaded(`work of ${this.bytes} bytes is under way, and ${WORK_BYTES} may be`, SIZE_HINT_MS);
  }

  /** What was refused since the last report, and how many wait for each participant now; null: nothing was. */
  report(): Refusals | null {
    const { refused } = this;
    this.refused = 0;
    if (refused === 0) return null;
    const waiting = Object.fromEntries(
      [...this.doors.values()].map(({ participant, underway }) => [participant, underway]),
    );
    return { refused, waiting };
  }

  /** Counts it in; it holds its places until they are answered or it is over. */
  enter(participants: readonly NodeId[], sizeBytes: number, timeoutMs: number): Ticket {
    this.bytes += sizeBytes;
    const places = participants.map((participant) => this.door(participant).enter());
    return { sizeBytes, timeoutMs, sinceMs: this.nowMs(), places };
  }

  /** The same for a transaction that is found again by its id. */
  begin(id: TransactionId, participants: readonly NodeId[], sizeBytes: number, timeoutMs: number): void {
    this.tickets.set(id, this.enter(participants, sizeBytes, timeoutMs));
  }

  /** A participant has answered. */
  answered(id: TransactionId, participant: NodeId): void {
    const ticket = this.tickets.get(id);
    const index = ticket?.places.findIndex(({ door }) => door.participant === participant) ?? -1;
    if (ticket === undefined || index < 0) return;
    const [place] = ticket.places.splice(index, 1);
    if (place !== undefined) place.door.leave(place, this.nowMs() - ticket.sinceMs, ticket.timeoutMs);
  }

  end(id: TransactionId): void {
    const ticket = this.tickets.get(id);
    if (ticket === undefined) return;
    this.tickets.delete(id);
    const tookMs = this.nowMs() - ticket.sinceMs;
    // Before its time was over somebody else ended it, and who has not answered might still have done so in time.
    this.free(ticket, tookMs >= ticket.timeoutMs ? tookMs : null);
  }

  /** All its participants have answered, or it is given up. */
  leave(ticket: Ticket): void {
    this.free(ticket, this.nowMs() - ticket.sinceMs);
  }

  private free({ sizeBytes, timeoutMs, places }: Ticket, tookMs: number | null): void {
    this.bytes -= sizeBytes;
    for (const place of places) place.door.leave(place, tookMs, timeoutMs);
  }

  private fullness(underway: number): string | null {
    const { all } = this.most;
    return underway < all ? null : `${underway} transactions are under way, and ${all} may be`;
  }

  private door(participant: NodeId): Door {
    let door = this.doors.get(participant);
    if (door === undefined) {
      door = new Door(participant, this.most.participant);
      this.doors.set(participant, door);
    }
    return door;
  }
}

/** Made by the thousand when there is no time to waste: without a stack. */
function overloaded(why: string, retryAfterMs: number): NemconError {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const message = `Refused at the door: ${why}. Nothing was begun; try again in ${retryAfterMs} ms.`;
  const error = new NemconError("OVERLOADED", message, { retryAfterMs });
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}
