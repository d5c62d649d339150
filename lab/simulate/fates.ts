/** What becomes of each message: by its number between two nodes, so that it is the same whatever else happens. */

import type { NodeId } from "../../protocols/index.ts";
import { hashOf } from "./digest.ts";
import type { Fault } from "./faults.ts";
import { Seeded } from "./random.ts";
import type { Schedule } from "./schedule.ts";

type MessageFault = Fault & { kind: "message" };

/** No message is later than this, in milliseconds. */
const LATEST_MS = 20_000;

export class Fates {
  /** Those that the weather brought about. */
  readonly drawn: MessageFault[] = [];
  /** Nothing befalls messages any more. */
  over = false;
  private readonly schedule: Schedule;
  private readonly given: ReadonlyMap<string, readonly number[]> | null;
  /** By sender and receiver. */
  private readonly pairs = new Map<string, { readonly hash: number; count: number }>();

  constructor(schedule: Schedule) {
    this.schedule = schedule;
    const { messages } = schedule;
    this.given =
      messages && new Map(messages.map(({ from, to, number, delaysMs }) => [`${from} ${to} ${number}`, delaysMs]));
  }

  /** One delay in milliseconds for each copy that arrives. */
  of(from: NodeId, to: NodeId): readonly number[] {
    const { seed, setup } = this.schedule;
    const key = `${from} ${to}`;
    let pair = this.pairs.get(key);
    if (pair === undefined) this.pairs.set(key, (pair = { hash: hashOf(`${seed} ${key}`), count: 0 }));
    pair.count += 1;
    const { min, max } = setup.latencyMs;
    const random = new Seeded(pair.hash + pair.count);
    const ordinary = [random.between(min, max)];
    if (this.over) return ordinary;
    if (this.given !== null) return this.given.get(`${key} ${pair.count}`) ?? ordinary;
    const delaysMs = this.weathered(ordinary, random);
    if (delaysMs !== ordinary) this.drawn.push({ kind: "message", from, to, number: pair.count, delaysMs });
    return delaysMs;
  }

  private weathered(ordinary: number[], random: Seeded): readonly number[] {
    const { lossRate, copyRate, slowRate, slowMs } = this.schedule.weather;
    if (random.chance(lossRate)) return [];
    const isCopied = random.chance(copyRate);
    const isSlow = random.chance(slowRate);
    if (!isCopied && !isSlow) return ordinary;
    const delays = isCopied ? [...ordinary, random.between(1, random.chance(0.5) ? 30 : 3_000)] : ordinary;
    // Pareto's: most are a little late, and a few very much.
    const tail = (): number => (isSlow ? slowMs * ((1 - random.next()) ** (-1 / 1.5) - 1) : 0);
    return delays.map((delayMs) => Math.min(LATEST_MS, delayMs + tail()));
  }
}
