/** What must hold of every state and every step (protocols §D.3), as far as one transaction's nodes and its client go. */

import type { Decision } from "../../../protocols/index.ts";
import { TOLD_ABORT, TOLD_COMMIT, type Look, type Moves } from "./moves.ts";
import type { Branch } from "./site.ts";
import { EXCUSED, type Layout, type State } from "./state.ts";

type Rules = Readonly<Record<string, (state: State) => boolean>>;

export class Judge {
  readonly invariants: Rules;
  readonly stepInvariants: Readonly<Record<string, (before: State, after: State) => boolean>>;
  private readonly layout: Layout;
  private readonly moves: Moves;
  private readonly participants: readonly number[];

  constructor(layout: Layout, moves: Moves) {
    this.layout = layout;
    this.moves = moves;
    this.participants = moves.nodes.flatMap(({ role }, at) => (role === "participant" ? [at] : []));
    this.invariants = {
      agreement: (state) => !(this.has(state, "commit") && this.has(state, "abort")),
      stability: (state) => this.every(state, ({ facts }) => !facts.isSplit),
      "commit validity": (state) => !this.isCommitted(state) || !this.branches(state).some(isUnprepared),
      "abort validity": (state) => this.flag(state, EXCUSED) || !this.has(state, "abort"),
      "client truth": (state) => this.toldTruth(state),
      "collected once, no alarm": (state) => state[layout.alarm] === 0,
      termination: (state) => !this.isStuck(state),
    };
    this.stepInvariants = { refinement: (before, after) => this.refines(before, after) };
  }

  private toldTruth(state: State): boolean {
    const [committed, aborted] = [this.flag(state, TOLD_COMMIT), this.flag(state, TOLD_ABORT)];
    if (committed && (aborted || this.has(state, "abort"))) return false;
    return !(aborted && this.has(state, "commit"));
  }

  private isCommitted(state: State): boolean {
    return this.flag(state, TOLD_COMMIT) || this.has(state, "commit");
  }

  /** Somebody has done it, or decided it. */
  private has(state: State, decision: Decision): boolean {
    const branch: Branch = decision === "commit" ? "committed" : "aborted";
    for (let at = 0; at < this.layout.nodes; at += 1) {
      const { facts } = this.look(state, at);
      if (facts.branch === branch || facts.decided === decision) return true;
    }
    return false;
  }

  /** Everybody is up, nothing is under way, no timer will fire, and somebody still waits. */
  private isStuck(state: State): boolean {
    if (state.length > this.layout.letters) return false;
    let waits = false;
    for (let at = 0; at < this.layout.nodes; at += 1) {
      const { isUp, isArmed, isLive } = this.look(state, at);
      if (!isUp || isArmed) return false;
      waits ||= isLive;
    }
    return waits;
  }

  /** A step of TCommit (protocols §0.2), or none that it sees. */
  private refines(before: State, after: State): boolean {
    const all = this.branches(before);
    const now = this.branches(after);
    for (let at = 0; at < all.length; at += 1) {
      const [from, to] = [all[at], now[at]];
      if (from === to) continue;
      // One phase: the only branch prepares and commits at once.
      const mayCommit = from === "prepared" || all.length === 1;
      if (to === "committed" && !(mayCommit && !all.some((each, other) => other !== at && isUnprepared(each))))
        return false;
      if (to === "aborted" && all.includes("committed")) return false;
    }
    return true;
  }

  private branches(state: State): Branch[] {
    return this.participants.map((at) => this.look(state, at).facts.branch ?? "reader");
  }

  private every(state: State, holds: (look: Look) => boolean): boolean {
    for (let at = 0; at < this.layout.nodes; at += 1) if (!holds(this.look(state, at))) return false;
    return true;
  }

  private flag(state: State, bit: number): boolean {
    return ((state[this.layout.flags] ?? 0) & bit) !== 0;
  }

  private look(state: State, node: number): Look {
    return this.moves.looks[state[node] ?? 0] as Look;
  }
}

function isUnprepared(branch: Branch): boolean {
  return branch === "working" || branch === "aborted";
}
