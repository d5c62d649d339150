/** Who is linked now, and waiting until some are. */

import type { NodeId } from "../protocols/index.ts";
import type { Scheduler } from "../runtime/engine/index.ts";

export class Linked {
  private readonly up = new Set<NodeId>();
  /** Each looks again when a link comes up. */
  private readonly waiting = new Set<() => void>();
  private readonly scheduler: Pick<Scheduler, "after">;

  constructor(scheduler: Pick<Scheduler, "after">) {
    this.scheduler = scheduler;
  }

  has(node: NodeId): boolean {
    return this.up.has(node);
  }

  /** A link came up or went down. */
  changed(node: NodeId, isUp: boolean): void {
    if (!isUp) {
      this.up.delete(node);
      return;
    }
    this.up.add(node);
    for (const look of this.waiting) look();
  }

  /**
   * Waits until as many of these are linked, at most so long.
   *
   * @param needed how many of them are enough
   * @param waitMs in milliseconds
   * @returns those that are not linked when it is over
   */
  missingAfter(nodes: readonly NodeId[], needed: number, waitMs: number): Promise<readonly NodeId[]> {
    const missing = (): readonly NodeId[] => nodes.filter((node) => !this.up.has(node));
    const isEnough = (): boolean => nodes.length - missing().length >= needed;
    if (isEnough()) return Promise.resolve(missing());
    return new Promise((resolve) => {
      const finish = (): void => {
        timer.cancel();
        this.waiting.delete(look);
        resolve(missing());
      };
      const look = (): void => {
        if (isEnough()) finish();
      };
      const timer = this.scheduler.after(waitMs, finish);
      this.waiting.add(look);
    });
  }
}
