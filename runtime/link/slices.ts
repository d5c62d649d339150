/**
 * Much small work that one event brings about, done some at a time. HTTP/2 sends what was written when the event
 * loop comes round: what was written before it, such as a turn's frames, leaves at once, and what one slice writes
 * does not wait in this process for all the others.
 */

/** What is done in one go. */
const SLICE = 16;

/** @param later runs a function behind what is under way and what has been written, such as `setImmediate` */
export function inSlices(later: (run: () => void) => void = setImmediate): (act: () => void) => void {
  let waiting: (() => void)[] = [];
  const some = (): void => {
    const now = waiting.slice(0, SLICE);
    waiting = waiting.slice(SLICE);
    if (waiting.length > 0) later(some);
    for (const act of now) act();
  };
  return (act) => {
    waiting.push(act);
    if (waiting.length === 1) later(some);
  };
}
