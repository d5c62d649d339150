/**
 * One process of clients that put load on a coordinator. Its orders come as its first argument, its commands as
 * lines of JSON; each is answered by a line that says what it saw since the one before. When its standard input
 * ends it waits for what is open and tells what was committed.
 */

import { createInterface } from "node:readline";
// By the clock: this process makes load, and asserts nothing.
import { setInterval as ticks, setTimeout as passes } from "node:timers/promises";
import { connect, NemconError } from "../../client/index.ts";
import { SeededRandom } from "../../lab/index.ts";

export interface Orders {
  readonly coordinator: string;
  /** Money goes between the two banks of a pair. */
  readonly pairs: readonly (readonly [from: string, to: string])[];
  /** No other process's: nothing conflicts. */
  readonly firstCustomer: number;
  readonly customers: number;
  /** The first of its numbers in the ledger. */
  readonly firstNumber: number;
  readonly timeoutMs: number;
  /** How far each branch counts, to make its work weigh something. */
  readonly weight: number;
  readonly seed: number;
}

/** From now on. */
export interface Command {
  /** Clients that each begin one after the other. */
  readonly clients: number;
  /** Transactions begun a second, whatever is answered. */
  readonly rate: number;
}

/** What was told since the last command; of those begun since then, how they ended in time. */
export interface Saw {
  readonly ms: number;
  readonly offered: number;
  /** Committed within their time. */
  readonly inTime: number;
  readonly late: number;
  readonly aborted: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
  readonly unknown: number;
  /** What OVERLOADED asked to wait, in milliseconds. */
  readonly hintsMs: { readonly shortest: number; readonly longest: number } | null;
}

/** The last word: numbers in the ledger. */
export interface Told {
  readonly committed: readonly number[];
  /** Refused, aborted: of these nothing may be found. */
  readonly notDone: readonly number[];
}

const TICK_MS = 5;
const REFUSED_PAUSE_MS = 20;
const UNBOUNDED = 1_000_000;

const orders = JSON.parse(process.argv[2] ?? "{}") as Orders;
const { pairs, firstCustomer, customers, timeoutMs, weight } = orders;
const random = new SeededRandom(orders.seed);
const client = connect(orders.coordinator, {
  defaultTimeoutMs: timeoutMs,
  inFlight: UNBOUNDED,
  retryBudget: { ratio: 0, reserve: 0 },
});

const fresh = () => ({
  ms: performance.now(),
  offered: 0,
  inTime: 0,
  late: 0,
  aborted: {} as Record<string, number>,
  refused: {} as Record<string, number>,
  unknown: 0,
  hintsMs: null as Saw["hintsMs"],
});
let saw = fresh();
let command: Command = { clients: 0, rate: 0 };
let clients = 0;
let next = orders.firstNumber;
let open = 0;
const [committed, notDone]: [number[], number[]] = [[], []];

function count(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

const change = "UPDATE checking SET balance = balance + ? WHERE customer = ?";
/** Counting takes the bank's time, not the client's, and reads no row, so that it locks none. */
const entry = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
  INSERT INTO ledger SELECT ?1, ?3 FROM n WHERE i = ?2`;

async function transfer(): Promise<void> {
  const number = (next += 1);
  const customer = firstCustomer + (number % customers);
  const pair = pairs[random.between(0, pairs.length - 1)] ?? [];
  const sentMs = performance.now();
  saw.offered += 1;
  open += 1;
  try {
    const outcome = await client.submit({
      branches: pair.map((participant, index) => ({
        participant,
        operations: [
          { sql: change, parameters: [index === 0 ? -1 : 1, customer], expect: { rows: 1 } },
          { sql: entry, parameters: [number, weight, index === 0 ? -1 : 1] },
        ],
      })),
    });
    if (outcome.kind === "committed") {
      committed.push(number);
      if (performance.now() - sentMs <= timeoutMs) saw.inTime += 1;
      else saw.late += 1;
    } else if (outcome.kind === "aborted") {
      notDone.push(number);
      count(saw.aborted, outcome.reason);
    } else saw.unknown += 1;
  } catch (thrown) {
    if (!NemconError.is(thrown)) throw thrown;
    notDone.push(number);
    count(saw.refused, thrown.reason);
    if (thrown.reason === "OVERLOADED") {
      const hintMs = thrown.retryAfterMs ?? 0;
      const { shortest, longest } = saw.hintsMs ?? { shortest: hintMs, longest: hintMs };
      saw.hintsMs = { shortest: Math.min(shortest, hintMs), longest: Math.max(longest, hintMs) };
    }
  } finally {
    open -= 1;
  }
}

async function oneAfterTheOther(): Promise<void> {
  clients += 1;
  while (clients <= command.clients) {
    const refusedBefore = notDone.length;
    await transfer();
    if (notDone.length > refusedBefore) await passes(REFUSED_PAUSE_MS);
  }
  clients -= 1;
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  command = JSON.parse(line) as Command;
  const told: Saw = { ...saw, ms: performance.now() - saw.ms };
  saw = fresh();
  process.stdout.write(`${JSON.stringify(told)}\n`);
  while (clients < command.clients) void oneAfterTheOther();
});
let over = false;
lines.on("close", () => {
  command = { clients: 0, rate: 0 };
  over = true;
});

/** At random times (Poisson); what a late tick missed is made up for. */
let dueMs = 0;
for await (const _ of ticks(TICK_MS)) {
  const nowMs = performance.now();
  if (command.rate === 0) dueMs = nowMs;
  for (; dueMs < nowMs; dueMs += (-Math.log(1 - random.next()) * 1_000) / command.rate) void transfer();
  if (over && open === 0) break;
}
client.close();
const told: Told = { committed, notDone };
process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit());
