/** The timer wheel: never early, at most a tick late, once; what is cancelled does not fire. */
import { expect, test } from "vitest";
import { TimerWheel } from "../../runtime/timers/index.ts";
import { Seeded } from "../../lab/simulate/random.ts";
import { Timeline } from "../../lab/simulate/timeline.ts";

const TICK_MS = 8;

function wheel(): { readonly timeline: Timeline; readonly timers: TimerWheel } {
  const timeline = new Timeline();
  const clock = { nowMs: () => timeline.nowMs, calendarMs: () => timeline.nowMs };
  const scheduler = {
    soon: (turn: () => void) => void timeline.after(0, turn),
    after: (delayMs: number, fire: () => void) => timeline.after(delayMs, fire),
  };
  return { timeline, timers: new TimerWheel(clock, scheduler) };
}

test("a thousand timers, set at all times, fire once each, not early and at most a tick late", async () => {
  const { timeline, timers } = wheel();
  const random = new Seeded(1);
  const late: number[] = [];
  for (let index = 0; index < 1_000; index += 1) {
    timeline.after(random.next() * 1_000, () => {
      const dueMs = timeline.nowMs + random.next() * 500;
      timers.set(dueMs - timeline.nowMs, () => late.push(timeline.nowMs - dueMs));
    });
  }
  await timeline.run(2_000);
  expect(late).toHaveLength(1_000);
  expect(Math.min(...late)).toBeGreaterThan(-1e-6);
  expect(Math.max(...late)).toBeLessThan(TICK_MS + 1e-6);
});

test("a sooner timer that is set later fires first", async () => {
  const { timeline, timers } = wheel();
  const fired: string[] = [];
  timers.set(500, () => fired.push("later"));
  timers.set(50, () => fired.push("sooner"));
  await timeline.run(100);
  expect(fired).toEqual(["sooner"]);
  await timeline.run(600);
  expect(fired).toEqual(["sooner", "later"]);
});

test("a cancelled timer does not fire, and nor do others of a closed wheel", async () => {
  const { timeline, timers } = wheel();
  const fired: string[] = [];
  timers.cancel(timers.set(20, () => fired.push("cancelled")));
  timers.set(20, () => fired.push("kept"));
  await timeline.run(100);
  timers.set(20, () => fired.push("closed"));
  timers.close();
  await timeline.run(200);
  expect(fired).toEqual(["kept"]);
});

test("without a timer that is armed there is no alarm: neither after a cancel nor after the last one fired", async () => {
  const timeline = new Timeline();
  let alarms = 0;
  const timers = new TimerWheel(
    { nowMs: () => timeline.nowMs },
    {
      after: (delayMs, fire) => {
        alarms += 1;
        const timer = timeline.after(delayMs, () => {
          alarms -= 1;
          fire();
        });
        return {
          cancel: () => {
            alarms -= 1;
            timer.cancel();
          },
        };
      },
    },
  );
  const [early, late] = [timers.set(20, () => undefined), timers.set(10_000, () => undefined)];
  expect(alarms).toBe(1);
  timers.cancel(late);
  timers.cancel(late);
  await timeline.run(100);
  expect(alarms).toBe(0);
  timers.cancel(early);
  const again = timers.set(10, () => undefined);
  expect(alarms).toBe(1);
  timers.cancel(again);
  expect(alarms).toBe(0);
});

test("a timer can be cancelled by one that fires in the same tick", async () => {
  const { timeline, timers } = wheel();
  const fired: string[] = [];
  timers.set(20, () => {
    fired.push("first");
    timers.cancel(second);
  });
  const second = timers.set(20, () => fired.push("second"));
  await timeline.run(100);
  expect(fired).toEqual(["first"]);
});

test("a timer that is set while others fire is not forgotten", async () => {
  const { timeline, timers } = wheel();
  const firedAtMs: number[] = [];
  timers.set(20, () => timers.set(0, () => firedAtMs.push(timeline.nowMs)));
  timers.set(20, () => timers.set(30, () => firedAtMs.push(timeline.nowMs)));
  await timeline.run(200);
  expect(firedAtMs).toHaveLength(2);
});
