/** A state in words. */

import type { Picture } from "../system.ts";
import { TOLD_ABORT, TOLD_COMMIT, type Moves } from "./moves.ts";
import { written, type Site } from "./site.ts";
import { CLOSED, type Layout, type State } from "./state.ts";

export function pictureOf(state: State, layout: Layout, moves: Moves): Picture {
  const sites = moves.nodes.map(({ name, role }, node) => {
    const site = moves.sites.at(state[node] ?? 0);
    return [name, [...siteWords(site), ...(role === "participant" ? [`votes ${site.vote}`] : [])].join(", ")];
  });
  const flags = state[layout.flags] ?? 0;
  const told = [(flags & TOLD_COMMIT) !== 0 ? "committed" : "", (flags & TOLD_ABORT) !== 0 ? "aborted" : ""];
  const alarm = moves.alarms.at(state[layout.alarm] ?? 0);
  const letters = state.slice(layout.letters).map((letter) => moves.letters.at(letter).words);
  return {
    ...(Object.fromEntries(sites) as Record<string, string>),
    "told to the client": told.filter((each) => each !== "").join(" and "),
    closed: (flags & CLOSED) === 0 ? "" : "may be known",
    "in flight": letters.join("; "),
    alarm,
  };
}

function siteWords(site: Site): string[] {
  const { isUp, facts, timers, suspects } = site;
  const words = [isUp ? phaseOf(site.state) : "down"];
  if (facts.branch !== null && facts.branch !== "working") words.push(facts.branch);
  if (facts.decided !== null) words.push(`decided ${facts.decided}`);
  const { records, row, isForgotten } = written(site);
  const log = [...records.map(({ kind }) => kind), ...(row === null ? [] : [`${row.outcome} row`])];
  if (log.length > 0) words.push(`log: ${log.join(" ")}`);
  if (site.tail.length > 0) words.push(`${site.tail.length} of it unforced`);
  if (isForgotten) words.push("knows it is over");
  if (timers.length > 0) words.push(`timers: ${timers.join(" ")}`);
  if (suspects.length > 0) words.push(`suspects ${suspects.join(" ")}`);
  return words;
}

/** Machines call it so, all but acceptors. */
function phaseOf(state: unknown): string {
  if (state === null) return "no state";
  const { phase, doubt } = state as { readonly phase?: string; readonly doubt?: { readonly position: string } | null };
  if (phase === undefined) return "live";
  return doubt === undefined || doubt === null ? phase : `${phase} (${doubt.position})`;
}
