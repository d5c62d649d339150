/** Reads the texts of arguments and options. */

import { InvalidArgumentError } from "commander";
import { NemconError } from "../runtime/errors/index.ts";

const LARGEST_PORT = 65_535;

/** A whole number from 0 to `largest`, for commander. */
function whole(text: string, largest: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= largest)) throw new InvalidArgumentError(`It is no whole number from 0 to ${largest}.`);
  return value;
}

export function count(text: string): number {
  return whole(text, 1_000_000);
}

/** For commander: a whole number from `lowest` to `largest`. */
export function between(lowest: number, largest: number): (text: string) => number {
  return (text) => {
    const value = whole(text, largest);
    if (value < lowest) throw new InvalidArgumentError(`It must be at least ${lowest}.`);
    return value;
  };
}

export const positive = between(1, 1_000_000);

export function port(text: string): number {
  return whole(text, LARGEST_PORT);
}

/** The wire has 32 bits for it. */
export function timeoutMs(text: string): number {
  return whole(text, 2 ** 32 - 1);
}

export function usage(message: string): NemconError {
  return new NemconError("USAGE", message);
}

/** Which forced write, counted from 1. */
export function forcedWrite(text: string): number {
  const number = whole(text, Number.MAX_SAFE_INTEGER);
  if (number === 0) throw new InvalidArgumentError("Writes are counted from 1.");
  return number;
}
