/** Submit as single unary calls over the generated stubs: what a client without the library and without streams does. */

import { branchMessages, coordinatorStub } from "./messages.ts";
import { tellOutcome, type Way } from "./way.ts";

/** @param handicapMs wasted on each call */
export function unaryWay(address: string, handicapMs: number): Way {
  const client = coordinatorStub(address);
  return {
    submit: ({ branches }, tell) => {
      for (const endMs = performance.now() + handicapMs; performance.now() < endMs;);
      client.Submit({ branches: branchMessages(branches) }, (error, answer) => {
        if (answer?.outcome) tellOutcome(answer.outcome, tell);
        else tell("unknown", error?.message ?? "an answer without an outcome");
      });
    },
  };
}
