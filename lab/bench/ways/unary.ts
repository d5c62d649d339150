/** Submit as single unary calls over the generated stubs: what a client without the library and without streams does. */

import { branchMessages, coordinatorStub } from "./messages.ts";
import { tellOutcome, type Way } from "./way.ts";

export function unaryWay(address: string): Way {
  const client = coordinatorStub(address);
  return {
    submit: ({ branches }, tell) => {
      client.Submit({ branches: branchMessages(branches) }, (error, answer) => {
        if (answer?.outcome) tellOutcome(answer.outcome, tell);
        else tell("unknown", error?.message ?? "an answer without an outcome");
      });
    },
    close: () => client.close(),
  };
}
