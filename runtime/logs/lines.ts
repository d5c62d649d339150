/**
 * Where log lines leave the process: asynchronous writes, so that a slow reader never holds a turn. A reader that is
 * gone, or that reads nothing, costs a bounded memory and a bounded time at the end, and no more than its lines.
 */

import { write, writeSync } from "node:fs";

/** Past this, lines are dropped and counted. */
const MOST_CHARACTERS = 4 * 1024 * 1024;
const BUSY_MS = 20;
/** The longest that the last flush waits for a reader, in milliseconds. */
const FLUSH_MS = 1_000;

export class Lines {
  private readonly fd: number;
  private waiting: string[] = [];
  private characters = 0;
  private dropped = 0;
  /** What is being written, or waits for a reader that is busy. */
  private rest: Buffer = Buffer.alloc(0);
  private isWriting = false;
  private isGone = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  write(line: string): void {
    if (this.isGone) return;
    if (this.characters > MOST_CHARACTERS) {
      this.dropped += 1;
      return;
    }
    this.waiting.push(line);
    this.characters += line.length;
    if (!this.isWriting) this.pump();
  }

  /** Writes what waits before it returns, as far as somebody reads it: for a process that is about to end. */
  flush(): void {
    this.collect();
    const endMs = performance.now() + FLUSH_MS;
    while (this.rest.length > 0 && !this.isGone) {
      try {
        this.rest = this.rest.subarray(writeSync(this.fd, this.rest));
      } catch (thrown) {
        if (isBusy(thrown) && performance.now() < endMs) pause(BUSY_MS);
        else this.isGone = true;
      }
    }
  }

  private pump(): void {
    this.collect();
    const { rest } = this;
    if (rest.length === 0 || this.isGone) {
      this.isWriting = false;
      return;
    }
    this.isWriting = true;
    // Not in memory while it is on its way: a flush in between must not write it again.
    this.rest = Buffer.alloc(0);
    write(this.fd, rest, 0, rest.length, null, (error, written) => {
      if (error !== null && !isBusy(error)) {
        this.isGone = true;
        this.waiting = [];
        return;
      }
      const left = error === null ? rest.subarray(written) : rest;
      if (left.length > 0) this.rest = this.rest.length === 0 ? left : Buffer.concat([left, this.rest]);
      if (error === null) this.pump();
      else setTimeout(() => this.pump(), BUSY_MS).unref();
    });
  }

  private collect(): void {
    if (this.waiting.length === 0) return;
    const lines = Buffer.from(this.waiting.join(""));
    this.rest = this.rest.length === 0 ? lines : Buffer.concat([this.rest, lines]);
    this.waiting = [];
    this.characters = 0;
    if (this.dropped === 0) return;
    const msg = `${this.dropped} lines of this log were dropped: nobody read it for too long`;
    this.waiting.push(`${JSON.stringify({ level: "warn", time: new Date().toISOString(), pid: process.pid, msg })}\n`);
    this.dropped = 0;
  }
}

function isBusy(thrown: unknown): boolean {
  const { code } = thrown as NodeJS.ErrnoException;
  return code === "EAGAIN" || code === "EBUSY";
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
