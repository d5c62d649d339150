/** Calls that wait for their return: reads that a coordinator relays to a participant. */

import type { NodeId } from "../../protocols/index.ts";
import { NemconError } from "../errors/index.ts";
import type { Return } from "./items.ts";

interface OpenCall {
  readonly to: NodeId;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (error: NemconError) => void;
}

/** Node fires a timer that is set for longer at once, in milliseconds: 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Calls {
  private readonly open = new Map<number, OpenCall>();
  private readonly limit: number;
  private lastId = 0;

  /** @param limit calls that may be open to one peer at a time */
  constructor(limit: number) {
    this.limit = limit;
  }

  /**
   * @param send sends the call under the id given; false: it could not be sent
   * @returns the payload of the return
   * @throws NemconError DEADLINE_EXCEEDED, OVERLOADED, PARTICIPANT_UNREACHABLE, or what the peer answered
   */
  start(to: NodeId, timeoutMs: number, send: (id: number) => boolean): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const id = (this.lastId += 1);
      if (this.openTo(to) >= this.limit || !send(id)) {
        reject(new NemconError("OVERLOADED", `Too much waits for ${to}; nothing was sent.`, { retryAfterMs: 1_000 }));
        return;
      }
      const timer = setTimeout(
        () => {
          this.open.delete(id);
          reject(new NemconError("DEADLINE_EXCEEDED", `${to} did not answer within ${timeoutMs} ms.`));
        },
        Math.min(timeoutMs, LONGEST_TIMER_MS),
      );
      this.open.set(id, { to, timer, resolve, reject });
    });
  }

  /** A return without a waiting call came too late, and is dropped. */
  returned(from: NodeId, item: Return): void {
    const call = this.open.get(item.id);
    if (call === undefined || call.to !== from) return;
    this.forget(item.id, call);
    if (item.ok) call.resolve(item.payload);
    else call.reject(NemconError.fromWire(item.error.reason, item.error.message));
  }

  /** The link to `node` is down, or, with null, this node stops. */
  drop(node: NodeId | null, error: NemconError): void {
    for (const [id, call] of this.open) {
      if (node !== null && call.to !== node) continue;
      this.forget(id, call);
      call.reject(error);
    }
  }

  private openTo(node: NodeId): number {
    let count = 0;
    for (const call of this.open.values()) if (call.to === node) count += 1;
    return count;
  }

  private forget(id: number, call: OpenCall): void {
    clearTimeout(call.timer);
    this.open.delete(id);
  }
}
