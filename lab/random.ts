/** A seeded source of random: the same seed gives the same run. */

export class SeededRandom {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** One that goes on from here as this one does. */
  copy(): SeededRandom {
    return new SeededRandom(this.state);
  }

  /** In [0, 1): mulberry32. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }
}

/**
 * Zipfian ranks (Gray, Sundaresan, Englert, Baclawski, Weinberger 1994, "Quickly generating billion-record
 * synthetic databases"): rank 1 is the hottest.
 */
export class Zipfian {
  private readonly count: number;
  private readonly alpha: number;
  private readonly zetaN: number;
  private readonly eta: number;
  private readonly theta: number;

  /** @param theta in (0, 1): the larger, the hotter the first ranks */
  constructor(count: number, theta: number) {
    this.count = count;
    this.theta = theta;
    this.alpha = 1 / (1 - theta);
    this.zetaN = zeta(count, theta);
    this.eta = (1 - (2 / count) ** (1 - theta)) / (1 - zeta(2, theta) / this.zetaN);
  }

  /** From 1 to the count. */
  next(random: SeededRandom): number {
    const u = random.next();
    const uz = u * this.zetaN;
    if (uz < 1) return 1;
    if (uz < 1 + 0.5 ** this.theta) return 2;
    return 1 + Math.min(this.count - 1, Math.floor(this.count * (this.eta * u - this.eta + 1) ** this.alpha));
  }
}

/** 32 bits that look random, always the same for the same number. */
export function scrambled(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function zeta(count: number, theta: number): number {
  let sum = 0;
  for (let rank = 1; rank <= count; rank += 1) sum += 1 / rank ** theta;
  return sum;
}
