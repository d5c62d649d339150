/** The closed loop counts what was answered in its window, and nothing else. */

import { expect, test } from "vitest";
import { drive } from "../../../lab/bench/drive.ts";
import type { Told, Way } from "../../../lab/bench/ways/way.ts";
import { KeyValue, type OneShot } from "../../../lab/index.ts";

const workload = new KeyValue({ participants: ["a"], seed: 1, records: 10 });

/** Answers in the next turn of the event loop, in order. */
function answering(tell: (number: number) => Told): Way & { most: number } {
  let open = 0;
  const way = {
    most: 0,
    submit: ({ number }: OneShot, told: (told: Told, why: string) => void) => {
      open += 1;
      way.most = Math.max(way.most, open);
      setImmediate(() => {
        open -= 1;
        told(tell(number), "");
      });
    },
  };
  return way;
}

async function driven(way: Way, concurrency: number) {
  const heard: Told[] = [];
  const edges: number[] = [];
  const result = await drive(
    way,
    { concurrency, warmUpMs: 0, measureMs: 0 },
    {
      next: () => workload.next() as OneShot,
      hear: (_job, told) => void heard.push(told),
      edge: () => void edges.push(heard.length),
    },
  );
  return { ...result, heard, edges };
}

test("no more are under way than asked for, and everyone is answered in the warm-up and in the window", async () => {
  const way = answering(() => "committed");
  const { committed, heard, edges } = await driven(way, 8);
  const [begin = 0, end = 0] = edges;
  expect(way.most).toBe(8);
  expect({ edges: edges.length, begin, window: end - begin, committed }).toEqual({
    edges: 2,
    begin: 8,
    window: 8,
    committed: 8,
  });
  // Those that were under way at the end are heard too: the judge must know of them.
  expect(heard.length).toBe(end + 7);
});

test("only what committed counts as throughput", async () => {
  const { committed, aborted, unknown } = await driven(
    answering((number) => (number % 2 === 0 ? "committed" : number % 4 === 1 ? "aborted" : "unknown")),
    4,
  );
  expect({ committed, rest: aborted + unknown }).toEqual({ committed: 2, rest: 2 });
});
