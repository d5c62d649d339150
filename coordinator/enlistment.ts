/**
 * A submit under a protocol that takes no work inside its prepare (protocols §0.3): the work goes out under tokens
 * first, to all branches at once, and the commit follows when all have answered. For its caller there is no
 * difference: one request, one outcome, the results of all branches.
 */

import type { Answer, NodeId } from "../protocols/index.ts";
import type { Ending, Session } from "./sessions.ts";

export type Tell = (answer: Answer) => void;

export class Enlistment {
  readonly session: Session;
  /** Monotonic milliseconds: by then work and votes should be there. */
  readonly deadlineMs: number;
  private readonly results = new Map<NodeId, Uint8Array>();
  private readonly tells: Tell[];
  private missing: number;

  constructor(session: Session, branches: number, deadlineMs: number, tell: Tell) {
    this.session = session;
    this.missing = branches;
    this.deadlineMs = deadlineMs;
    this.tells = [tell];
  }

  /** The same request came again. */
  join(tell: Tell): void {
    this.tells.push(tell);
  }

  /** A branch has done its work. true: it was the last one. */
  worked(participant: NodeId, result: Uint8Array): boolean {
    if (result.length > 0) this.results.set(participant, result);
    this.missing -= 1;
    return this.missing === 0;
  }

  /** Tells every caller what came of the commit, with what the work returned: the votes after it return nothing. */
  readonly committed: Tell = (answer) => {
    // A vote under a token has results of its own, which are none: what the work gave counts.
    this.tell(
      answer.outcome === "committed" ? { ...answer, results: new Map([...answer.results, ...this.results]) } : answer,
    );
  };

  /** The same for one that was given up; why, the machine was told only in a word. */
  abandoned({ reason, detail, participant }: Ending): Tell {
    return (answer) => {
      const isThis = answer.outcome === "aborted" && answer.reason === reason;
      this.tell(isThis ? { ...answer, detail, participant } : answer);
    };
  }

  private tell(answer: Answer): void {
    for (const tell of this.tells) tell(answer);
  }
}
