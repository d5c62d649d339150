/** SubmitStream over the generated stubs, as a client of any language would use it. */

import type { SubmitStreamRead } from "../../../runtime/link/index.ts";
import { branchMessages, coordinatorStub } from "./messages.ts";
import { tellOutcome, type Tell, type Way } from "./way.ts";

export function streamWay(address: string): Way {
  const client = coordinatorStub(address);
  const call = client.SubmitStream();
  const open = new Map<number, Tell>();
  let lastTag = 0;
  call.on("data", ({ tag, outcome, refusal }: SubmitStreamRead) => {
    const tell = open.get(Number(tag));
    if (tell === undefined) return;
    open.delete(Number(tag));
    if (outcome) tellOutcome(outcome, tell);
    else tell(refusal ? "aborted" : "unknown", refusal?.reason ?? "an answer without an outcome");
  });
  call.on("error", (error) => {
    const lost = [...open.values()];
    open.clear();
    for (const tell of lost) tell("unknown", error.message);
  });
  return {
    submit: ({ branches }, tell) => {
      lastTag += 1;
      open.set(lastTag, tell);
      call.write({ tag: lastTag, submit: { branches: branchMessages(branches) } });
    },
    close: () => {
      call.end();
      client.close();
    },
  };
}
