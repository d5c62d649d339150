/** One submit on its way: from its call until it is answered or given up. */

import type { NemconError } from "../runtime/errors/index.ts";
import type { OutcomeMessageRead } from "../runtime/link/index.ts";
import { Armed } from "../runtime/timers/index.ts";
import type { Deadline } from "./deadline.ts";
import type { Work } from "./work.ts";

/** How one try of a submit ended. */
export type Answer =
  | { readonly kind: "outcome"; readonly outcome: OutcomeMessageRead }
  /** The coordinator refused it, or it was never sent: nothing was begun. */
  | { readonly kind: "refused"; readonly error: NemconError }
  /** transaction null: it was never sent. */
  | { readonly kind: "unknown"; readonly transaction: string | null; readonly detail: string };

/** What is told when it ends. */
export interface SubmissionEvents {
  /** The time is over, and it is settled as unknown. */
  passed(submission: Submission): void;
  /** The caller's signal aborted after it was sent: its answer, or the deadline, still settles it. */
  cancelled(transaction: string): void;
  /** Settled, in whatever way. */
  settled(submission: Submission): void;
}

interface Promised {
  resolve(answer: Answer): void;
  reject(reason: unknown): void;
}

/** The part of its time that it must still have when it is sent. */
const SENT_WITH = 1 / 2;

/** Its deadline's timer is the object itself, so that waiting allocates nothing. */
export class Submission extends Armed {
  readonly tag: number;
  readonly work: Work;
  readonly deadline: Deadline;
  /** With less time left it is not sent for the first time, in milliseconds. */
  readonly leastMs: number;
  id: string | null = null;
  /** It may have been begun under its id, which from then on is the only one that it can be asked for by. */
  begun = false;
  /** How often it was asked for again on a stream that lives. */
  asks = 0;
  isSettled = false;
  private readonly events: SubmissionEvents;
  private readonly promised: Promised;
  private readonly stop: () => void;

  constructor(
    { tag, work, deadline }: { readonly tag: number; readonly work: Work; readonly deadline: Deadline },
    events: SubmissionEvents,
    promised: Promised,
  ) {
    super();
    this.tag = tag;
    this.work = work;
    this.deadline = deadline;
    this.leastMs = deadline.leftMs * SENT_WITH;
    this.events = events;
    this.promised = promised;
    this.stop = deadline.arm(this, (reason) => this.cancel(reason));
  }

  /** How long it has waited, in milliseconds. */
  get waitedMs(): number {
    return this.leastMs / SENT_WITH - this.deadline.leftMs;
  }

  /** Its time is over. */
  fire(): void {
    this.settle(this.unknown(`no answer within ${Math.round(this.deadline.timeoutMs)} ms`));
    this.events.passed(this);
  }

  settle(answer: Answer): void {
    this.finish();
    this.promised.resolve(answer);
  }

  unknown(detail: string): Answer {
    return { kind: "unknown", transaction: this.id, detail };
  }

  /** Once it was sent the coordinator alone can give it up; its word, or the deadline, is the answer. */
  private cancel(reason: unknown): void {
    if (this.isSettled) return;
    if (this.id !== null) {
      this.events.cancelled(this.id);
      return;
    }
    this.finish();
    this.promised.reject(reason);
  }

  private finish(): void {
    this.isSettled = true;
    this.stop();
    this.events.settled(this);
  }
}
