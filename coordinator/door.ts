/**
 * How many transactions may wait for one participant. The limit follows its answers, a round at a time: it moves
 * towards the number that is answered within a quarter of the callers' time (Little: the number under way divided
 * by the rate is the time that an answer takes), and it grows only where it was reached.
 */

import type { NodeId } from "../protocols/index.ts";

/** Answers should take this part of the caller's time. */
const SHARE = 1 / 4;
/** A request is refused where an answer is expected to take more than this part of its time. */
const HOPELESS = 1 / 2;
/** As many are always taken: without them nothing would be learned. */
const LEAST = 8;
/** A round is half of what was under way in it, and at least as many answers. */
const SHORTEST_ROUND = 32;
const FIRST_LIMIT = 2_048;
/** How far the limit moves in a round. */
const [SHRINK, GROW] = [1 / 4, 5 / 4];
/** Weight of the newest answer in what is remembered. */
const NEWEST = 1 / 16;
/** How fast the shortest answer is forgotten. */
const OLDEST = 1 / 1_024;
/** An answer that took for ever says no more than one that took this many times the time that it should. */
const WORST = 4;
const OUTSIDE_MS = 1_000;
const [SHORTEST_HINT_MS, LONGEST_HINT_MS] = [10, 1_000];

/** A place at a participant that has not answered. */
export interface Place {
  readonly door: Door;
  readonly round: number;
  /** How many were under way with it. */
  readonly number: number;
}

export class Door {
  readonly participant: NodeId;
  private readonly most: number;
  limit: number;
  underway = 0;
  private hasAnswered = false;
  /** How long answers take, the shortest of them, and how many were under way before them. */
  private answerMs = 0;
  private shortestMs = 0;
  private before = 1;
  private round = 0;
  private answers = 0;
  private strain = 0;
  private peak = 0;
  /** Refused in this period and in the one before. */
  private outside = 0;
  private outsideBefore = 0;
  private periodMs = Number.NEGATIVE_INFINITY;

  constructor(participant: NodeId, most: number) {
    this.participant = participant;
    this.most = most;
    this.limit = Math.min(FIRST_LIMIT, most);
  }

  get isFull(): boolean {
    return this.underway >= this.limit;
  }

  /** Why a request with so much time is not taken; null: it is. */
  refusal(timeoutMs: number): string | null {
    if (this.underway < LEAST) return null;
    const { participant, underway } = this;
    if (this.isFull) return `${underway} transactions wait for ${participant}, and it answers no more in time`;
    const expectedMs = this.shortestMs + this.placeMs * underway;
    if (expectedMs <= timeoutMs * HOPELESS) return null;
    return `${participant} needs about ${Math.round(expectedMs)} ms now, and the request has ${timeoutMs} ms`;
  }

  /** How long to wait outside: until all who were refused in the last moment would have had their turn. */
  turnedAway(nowMs: number): number {
    this.turnPeriod(nowMs);
    this.outside += 1;
    const waitMs = (this.outside + this.outsideBefore) * this.placeMs;
    return Math.round(Math.min(LONGEST_HINT_MS, Math.max(SHORTEST_HINT_MS, waitMs)));
  }

  /** How much longer an answer takes for each one that is under way before it. */
  private get placeMs(): number {
    return (this.answerMs - this.shortestMs) / this.before;
  }

  enter(): Place {
    this.underway += 1;
    this.peak = Math.max(this.peak, this.underway);
    return { door: this, round: this.round, number: this.underway };
  }

  /** @param tookMs null: it ended before this participant could answer, and says nothing about it */
  leave({ round, number }: Place, tookMs: number | null, timeoutMs: number): void {
    this.underway -= 1;
    if (tookMs === null) return;
    if (!this.hasAnswered) this.answerMs = this.shortestMs = tookMs;
    this.hasAnswered = true;
    this.answerMs += (tookMs - this.answerMs) * NEWEST;
    this.before += (number - this.before) * NEWEST;
    // Rises slowly, so that it follows a participant that becomes slower.
    this.shortestMs = Math.min(tookMs, this.shortestMs + (this.answerMs - this.shortestMs) * OLDEST);
    // What entered before the limit last moved says nothing about the limit as it is.
    if (round !== this.round) return;
    this.answers += 1;
    this.strain += Math.min(WORST, tookMs / (timeoutMs * SHARE));
    if (this.answers >= Math.max(SHORTEST_ROUND, this.peak / 2)) this.endRound();
  }

  private endRound(): void {
    const strain = this.strain / this.answers;
    const wasReached = this.peak >= this.limit;
    if (strain > 1 || wasReached) {
      const factor = Math.min(GROW, Math.max(SHRINK, 1 / strain));
      const moved = Math.min(this.peak, this.limit) * factor;
      this.limit = Math.min(this.most, Math.max(LEAST, factor > 1 ? Math.ceil(moved) : Math.floor(moved)));
    }
    this.round += 1;
    this.answers = 0;
    this.strain = 0;
    this.peak = this.underway;
  }

  private turnPeriod(nowMs: number): void {
    const passedMs = nowMs - this.periodMs;
    if (passedMs < OUTSIDE_MS) return;
    this.outsideBefore = passedMs < 2 * OUTSIDE_MS ? this.outside : 0;
    this.outside = 0;
    this.periodMs = nowMs;
  }
}
