/** An input for an id without a state, where it is no message: the same for every machine but a coordinator. */

import { unreachable, type Input, type Step } from "./machine.ts";

/** Whoever asks is told that nothing is known here; nothing else has anything to say. */
export function withoutState(input: Exclude<Input, { readonly kind: "message" }>): Step<never, never> {
  switch (input.kind) {
    case "ask":
    case "operator":
      if (input.reply === null) return { state: null, ignored: "nothing-to-do" };
      return { state: null, effects: [{ kind: "reply", to: input.reply, answer: { outcome: "unknown" } }] };
    case "timeout":
      return { state: null, ignored: "late-timeout" };
    case "resource":
      return { state: null, ignored: "late-resource-result" };
    case "start":
    case "suspicion":
    case "closed":
      return { state: null, ignored: "nothing-to-do" };
    default:
      return unreachable(input);
  }
}
