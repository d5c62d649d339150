/** SubmitStream over the generated stubs, as a client of any language would use it. */

import type { SubmitStreamRead } from "../../../runtime/link/index.ts";
import { branchMessages, coordinatorStub } from "./messages.ts";
import { tellOutcome, type Tell, type Way } from "./way.ts";

export function stubsWay(address: string): Way {
  const client = coordinatorStub(address);
  const call = client.SubmitStream();
  const open = new Map<number, Tell>();
  let lastTag = 0;
  let waiting: { tag: number; submit: { branches: ReturnType<typeof branchMessages> } }[] = [];
  const flush = (): void => {
    call.write({ submits: waiting });
    waiting = [];
  };
  call.on("data", ({ answers }: SubmitStreamRead) => {
    for (const { tag, outcome, refusal } of answers) {
      const tell = open.get(tag);
      if (tell === undefined) continue;
      open.delete(tag);
      if (outcome) tellOutcome(outcome, tell);
      else tell(refusal ? "aborted" : "unknown", refusal?.reason ?? "an answer without an outcome");
    }
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
      // All that one message of answers brings about leaves in one message, and at once.
      if (waiting.length === 0) queueMicrotask(flush);
      waiting.push({ tag: lastTag, submit: { branches: branchMessages(branches) } });
    },
  };
}
