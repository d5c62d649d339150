/** How long a thing takes, done again and again. */

import { percentile, Samples } from "./statistics.ts";

/** p50 of what `act` takes, in milliseconds. @param act is given how often it was called before */
export function typicalMs(forMs: number, act: (turn: number) => void): number {
  const samples = new Samples();
  const endMs = performance.now() + forMs;
  for (let beganMs = performance.now(), turn = 0; beganMs < endMs; turn += 1) {
    act(turn);
    const nowMs = performance.now();
    samples.add(nowMs - beganMs);
    beganMs = nowMs;
  }
  return percentile(samples.sorted(), 0.5);
}
