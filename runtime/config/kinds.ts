/**
 * The kinds of value that configurations are made of. Every kind says in one phrase what it expects, so
 * that a fault reads the same whatever is wrong with the value.
 */

import { z } from "zod";
import { NemconError } from "../errors/index.ts";
import { readAddress } from "./address.ts";

/** The longest wait that a timer takes without overflowing, rounded down to days. */
const DAYS_24_MS = 24 * 86_400_000;

export function nodeName(): z.ZodString {
  const error = 'a name: a letter, then up to 62 letters, digits, "_" or "-"';
  return z.string({ error }).regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, { error });
}

export function path(): z.ZodString {
  const error = "a path";
  return z.string({ error }).regex(/^[^\0]+$/, { error });
}

const addressError = "an address: host:port, like 127.0.0.1:7410";

export function address(): z.ZodString {
  return z.string({ error: addressError }).refine((text) => readAddress(text) !== null, { error: addressError });
}

/** Addresses to connect to: port 0 is no place to go. */
export function addresses(): z.ZodArray<z.ZodString> {
  const error = "a list of one or more addresses, like [127.0.0.1:7410]";
  const reachable = address().refine((text) => !text.endsWith(":0"), { error: addressError });
  return z.array(reachable, { error }).min(1, { error });
}

function whole(what: string, least: number, most: number): z.ZodNumber {
  const error = `a whole number${what} from ${least} to ${most}`;
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error });
}

export function milliseconds(least = 1, most = DAYS_24_MS): z.ZodNumber {
  return whole(" of milliseconds", least, most);
}

/** Retention outlives timers: up to ten years. */
export function retentionMilliseconds(): z.ZodNumber {
  return whole(" of milliseconds", 1000, 3650 * 86_400_000);
}

export function bytes(least: number, most: number): z.ZodNumber {
  return whole(" of bytes", least, most);
}

export function count(least: number, most: number): z.ZodNumber {
  return whole("", least, most);
}

export function oneOf<const T extends readonly [string, ...string[]]>(names: T): z.ZodEnum<{ [K in T[number]]: K }> {
  return z.enum(names, { error: names.length === 1 ? `"${names[0]}"` : `one of ${names.join(", ")}` });
}

const acceptorsError = "a list of 1, 3 or 5 acceptors, each once, like [acceptor-1@127.0.0.1:7450], or an empty one";

/** `name@host:port` of each: names are what transactions are pinned to. An even number tolerates no more than one less. */
export function acceptorList(): z.ZodArray<z.ZodString> {
  return z
    .array(
      z.string({ error: acceptorsError }).refine((text) => readMember(text) !== null, { error: acceptorsError }),
      { error: acceptorsError },
    )
    .refine((list) => list.length === 0 || (list.length % 2 === 1 && list.length <= MOST_ACCEPTORS), {
      error: acceptorsError,
    })
    .refine((list) => areDifferent(list.map((text) => readMember(text)?.node)), { error: acceptorsError })
    .refine((list) => areDifferent(list.map((text) => readMember(text)?.address)), { error: acceptorsError });
}

/**
 * The acceptors of a group, as a person names them: as in a configuration, and at least one.
 *
 * @throws NemconError INVALID_REQUEST
 */
export function readGroup(list: readonly string[]): readonly NodeAddress[] {
  const { success } = acceptorList().min(1).safeParse(list);
  if (!success)
    throw new NemconError(
      "INVALID_REQUEST",
      `These ${list.length} are no group of acceptors: name 1, 3 or 5, each once and each at an address of its own, like acceptor-1@127.0.0.1:7450.`,
    );
  return list.map(readMember).filter((member) => member !== null);
}

function areDifferent(all: readonly unknown[]): boolean {
  return new Set(all).size === all.length;
}

/** F = 2. */
const MOST_ACCEPTORS = 5;

export interface NodeAddress {
  readonly node: string;
  /** `host:port`. */
  readonly address: string;
}

/** The parts of `name@host:port`; null where it is none. */
export function readMember(text: string): NodeAddress | null {
  const at = text.indexOf("@");
  const [node, address] = [text.slice(0, at), text.slice(at + 1)];
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(node) || readAddress(address) === null || address.endsWith(":0"))
    return null;
  return { node, address };
}
