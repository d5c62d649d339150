/**
 * The engine's turn for one input of one transaction (runtime/engine), with the same order: the step, what the
 * embedded resource answers to it, one write, and then what leaves the node.
 */

import {
  AssertionError,
  type Absence,
  type Closed,
  type Effect,
  type Env,
  type Input,
  type LogRecord,
  type Machine,
  type NodeId,
  type ResourceRequest,
  type ResourceResult,
  type Send,
  type Step,
  type Timer,
} from "../../../protocols/index.ts";
import { closedIdentity, Outcomes, type Identity } from "../../../runtime/engine/index.ts";
import { coordinatorIdentity, Ids } from "../../../coordinator/wiring.ts";
import { replayedAll, type Entry } from "./disk.ts";
import { END, FIRST, ID, type Role, type Vote } from "./model.ts";
import { branchAfter, decisionAfter, written, type Site } from "./site.ts";

export type AnyMachine = Machine<unknown, LogRecord>;

/** What a node is, whatever happens. */
export interface Nature {
  readonly name: NodeId;
  readonly role: Role;
  readonly machine: AnyMachine;
  envOf(site: Site): Env;
  /** A state without what its machine will never look at again. */
  used(state: unknown): unknown;
}

/** What one turn does. */
export interface Turn {
  readonly site: Site;
  readonly sends: readonly Send[];
  /** What the client was told. */
  readonly told: readonly ("committed" | "aborted")[];
  /** What no run may bring about, in words; null: nothing. */
  readonly alarm: string | null;
  /** The alarm tells a second decision. */
  readonly isSecond: boolean;
  /** It forced a write. */
  readonly isForced: boolean;
}

interface Gathered {
  readonly entries: Entry[];
  readonly sends: Send[];
  readonly told: ("committed" | "aborted")[];
  isForced: boolean;
  alarm: string | null;
  isSecond: boolean;
}

function nothing(): Gathered {
  return { entries: [], sends: [], told: [], isForced: false, alarm: null, isSecond: false };
}

const NOTHING = new Uint8Array(0);

/** Hears of each step of a turn. */
export type Watch = (step: Step<unknown, LogRecord>) => void;

/** @param isFirst the first request ever for this id */
export function turn(nature: Nature, site: Site, input: Input, isFirst = false, watch: Watch | null = null): Turn {
  const gathered = nothing();
  let now = site;
  const inputs = [input];
  try {
    for (let next = inputs.shift(); next !== undefined; next = inputs.shift()) {
      const env = nature.envOf(now);
      const step =
        now.state === null
          ? nature.machine.absent(env, ID, isFirst ? { kind: "fresh" } : absenceOf(nature, now, gathered), next)
          : nature.machine.step(env, now.state, next);
      watch?.(step);
      now = taken(nature, now, step, gathered, inputs);
    }
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    gathered.alarm = error.message;
  }
  return wrote(now, gathered);
}

/** A start: what the journal holds becomes a state again. */
export function restarted(nature: Nature, down: Site, life: number, watch: Watch | null = null): Turn {
  const gathered = nothing();
  const site = { ...down, isUp: true, life };
  const { records } = site.disk;
  if (records.length === 0) return wrote(site, gathered);
  const step = nature.machine.restore(nature.envOf(site), ID, records);
  watch?.(step);
  return wrote(taken(nature, site, step, gathered, []), gathered);
}

/** Entries that the engine writes by itself. */
export function noted(site: Site, entry: Entry, isForced: boolean): Site {
  const { disk, tail } = site;
  if (!isForced) return { ...site, tail: [...tail, entry] };
  return { ...site, disk: replayedAll(disk, [...tail, entry]), tail: [] };
}

function wrote(site: Site, { entries, sends, told, alarm, isSecond, isForced }: Gathered): Turn {
  const tail = [...site.tail, ...entries];
  const after = isForced ? { ...site, disk: replayedAll(site.disk, tail), tail: [] } : { ...site, tail };
  return { site: after, sends, told, alarm, isSecond, isForced };
}

/** The engine's `absence`, by the identities that the servers use. */
function absenceOf({ name, role }: Nature, site: Site, gathered: Gathered): Absence {
  const { row, isForgotten } = replayedAll(written(site), gathered.entries);
  if (row !== null) return { kind: "closed", closed: row };
  const outcomes = new Outcomes();
  if (role !== "coordinator") {
    // Its link is older than the id in its first life; what it hears later is told of ids that were given out before.
    if (site.life === 1) outcomes.close(FIRST, ID, [], 0);
    if (isForgotten) outcomes.close(FIRST, END, [], 0);
    return closedIdentity.absence(ID, outcomes);
  }
  if (isForgotten) outcomes.noteForgotten(ID);
  return identityOf(name, site.life).absence(ID, outcomes);
}

function identityOf(name: NodeId, life: number): Identity {
  const ids = new Ids(name, life);
  if (life === 1) ids.next();
  return coordinatorIdentity(name, life, ids);
}

function taken(
  { name, role }: Nature,
  site: Site,
  step: Step<unknown, LogRecord>,
  gathered: Gathered,
  inputs: Input[],
): Site {
  if (step.ignored !== undefined) return site;
  const { entries, sends } = gathered;
  for (const { record, force } of step.records ?? []) {
    entries.push({ kind: "record", record });
    if (force) gathered.isForced = true;
  }
  // Sessions take the answers to work, and are over when the commit begins.
  sends.push(...(step.sends ?? []).filter(({ body }) => body.kind !== "worked" && body.kind !== "work-failed"));
  for (const effect of step.effects ?? []) took(name, effect, site.vote, gathered, inputs);
  const facts = role === "participant" ? branchAfter(site.facts, step) : decisionAfter(site.facts, step);
  if (step.state !== null) return { ...site, state: step.state, timers: timersAfter(site.timers, step), facts };
  if (step.closed !== undefined) end(gathered, step.closed);
  else if (site.state !== null && replayedAll(written(site), entries).records.length > 0)
    entries.push({ kind: "dropped" });
  return { ...site, state: null, timers: [], suspects: [], facts };
}

function end(gathered: Gathered, { outcome, force }: { readonly outcome: Closed; readonly force: boolean }): void {
  gathered.entries.push({ kind: "closed", outcome });
  if (force) gathered.isForced = true;
}

function took(name: NodeId, effect: Effect, vote: Vote, gathered: Gathered, inputs: Input[]): void {
  switch (effect.kind) {
    case "reply": {
      const { outcome } = effect.answer;
      if (outcome === "committed" || outcome === "aborted") gathered.told.push(outcome);
      return;
    }
    case "alarm":
      gathered.alarm ??= `${name}: ${effect.alarm}, ${effect.detail}`;
      gathered.isSecond = effect.alarm === "second-decision";
      return;
    case "resource": {
      const result = resultOf(effect.request, vote);
      if (result !== null) inputs.push({ kind: "resource", result });
      return;
    }
    default:
      effect satisfies never;
  }
}

function resultOf(request: ResourceRequest, vote: Vote): ResourceResult | null {
  switch (request.act) {
    case "work":
      return { kind: "worked", item: request.item, ok: true, result: NOTHING };
    case "prepare":
      if (vote === "no") return { kind: "prepared", vote, reason: "VOTED_NO", detail: "" };
      if (vote === "read-only") return { kind: "prepared", vote, result: NOTHING };
      return { kind: "prepared", vote, redo: new Uint8Array(1), result: NOTHING };
    case "commit":
      return { kind: "applied", outcome: "ok" };
    case "abort":
    case "adopt":
      return null;
    default:
      return request satisfies never;
  }
}

function timersAfter(timers: readonly Timer[], step: Step<unknown, LogRecord>): readonly Timer[] {
  let after = timers;
  for (const each of step.timers ?? []) {
    const timer = "set" in each ? each.set : each.cancel;
    after = after.filter((armed) => armed !== timer);
    if ("set" in each) after = [...after, timer];
  }
  return after.toSorted();
}
