/** The acceptor as a library: the machines and the engine joined over ports; no gRPC, no SQLite. */

import { protocols, type LogRecord, type Machine, type Step } from "../protocols/index.ts";
import { Follower, type AnyMachine, type FollowerOptions } from "../runtime/engine/index.ts";

export class Acceptor extends Follower {
  constructor(options: FollowerOptions) {
    super(options, {
      machines: (protocol) => protocols[protocol].acceptor ?? bystander,
      resource: null,
      lockWaitMs: 0,
    });
  }
}

/** For protocols without acceptors: nobody has anything to tell it, and whoever does is reported. */
const bystander: AnyMachine = {
  init: () => null,
  step: () => ({ state: null, ignored: "nothing-to-do" }),
  restore: () => ({ state: null }),
  absent: (_env, _id, _absence, input): Step<unknown, LogRecord> =>
    input.kind === "message"
      ? {
          state: null,
          effects: [
            {
              kind: "alarm",
              alarm: "impossible-message",
              detail: `${input.from} sent ${input.body.kind} of a protocol that has no acceptors`,
            },
          ],
        }
      : { state: null, ignored: "nothing-to-do" },
  view: () => ({ state: "active", participants: [], coordinator: null }),
} satisfies Machine<unknown, LogRecord>;
