/** What the table tests share: events in a few words, and what a step does as one line. */

import {
  protocols,
  type AbortReason,
  type Absence,
  type Closed,
  type Descriptor,
  type Env,
  type Input,
  type LogRecord,
  type Machine,
  type Message,
  type OperatorAct,
  type ProtocolName,
  type ResourceResult,
  type Step,
  type Timer,
} from "../../../protocols/index.ts";
import { envOf } from "../../../lab/simulate/setting.ts";

export const id = "C.0001.00000001";
export const env = (self: string): Env =>
  envOf(self, { times: { voteMs: 100, acknowledgementMs: 10, decisionMs: 10, retryCapMs: 100, idleMs: 1_000 } });
export const none = new Uint8Array(0);
export const work = new Uint8Array([1]);
export const token = { incarnation: 1, number: 1 };

// What a step does, as one line: records (* forced), messages, effects, timers, the state.
export function line(machine: Machine<unknown, LogRecord>, step: Step<unknown, LogRecord>): string {
  if (step.ignored !== undefined) return `ignored ${step.ignored}`;
  const parts = [
    ...(step.records ?? []).map(({ record, force }) => `${record.kind}${force ? "*" : ""}`),
    ...(step.closed === undefined ? [] : [`end(${step.closed.outcome.outcome})${step.closed.force ? "*" : ""}`]),
    ...(step.sends ?? []).map(({ to, body }) => `${name(body)}→${to}`),
    ...(step.effects ?? []).map((effect) =>
      effect.kind === "reply"
        ? `reply ${effect.answer.outcome}`
        : effect.kind === "resource"
          ? `resource ${effect.request.act}`
          : `alarm ${effect.alarm}`,
    ),
    ...(step.timers ?? []).flatMap((timer) => ("set" in timer ? [`timer ${timer.set}`] : [])),
  ];
  return `${parts.join(", ")} ⇒ ${step.state === null ? "forgotten" : machine.view(step.state).state}`;
}

export function name(body: Message): string {
  switch (body.kind) {
    case "decision":
      return body.decision;
    case "vote":
      return body.vote;
    case "one-phase-result":
      return `result(${body.outcome})`;
    case "ack":
      if (body.heuristic !== null) return "ack(heuristic)";
      return body.decision === "commit" ? "ack" : "ack(abort)";
    case "decision-reply":
      return `reply(${body.answer})`;
    default:
      return body.kind;
  }
}

/** The machines of a protocol, whose records a test may hand back to them. */
export function machinesOf(protocol: ProtocolName): {
  readonly coordinator: Machine<unknown, LogRecord>;
  readonly participant: Machine<unknown, LogRecord>;
} {
  return protocols[protocol];
}

export type Event = Input | { readonly absent: Absence; readonly input: Input };

/** Steps through the events; the first is always to an absent id. Gives the last step. */
export function run(
  machine: Machine<unknown, LogRecord>,
  self: string,
  events: readonly Event[],
  from: unknown = null,
): Step<unknown, LogRecord> {
  let state = from;
  let step: Step<unknown, LogRecord> = { state };
  for (const event of events) {
    if ("absent" in event) step = machine.absent(env(self), id, event.absent, event.input);
    else step = machine.step(env(self), state, event);
    state = step.state;
  }
  return step;
}

export const fresh: Absence = { kind: "fresh", sinceStart: true };
export const closed = (outcome: Closed["outcome"], participants: readonly string[] = [], detail = ""): Absence => ({
  kind: "closed",
  closed: {
    outcome,
    reason: outcome === "aborted" ? "VOTED_NO" : null,
    detail,
    result: null,
    participants,
    until: "closed",
  },
});
export const message = (from: string, body: Message, expired = false): Input => ({
  kind: "message",
  from,
  body,
  expired,
});
export const at = (absent: Absence, input: Input): Event => ({ absent, input });
export const timeout = (timer: Timer): Input => ({
  kind: "timeout",
  timer,
});
export const resource = (result: ResourceResult): Input => ({ kind: "resource", result });

/** What a coordinator meets. */
export const descriptor = (
  participants: readonly string[],
  protocol: ProtocolName = "2pc",
  initiator: string | null = null,
): Descriptor => ({
  transaction: id,
  protocol,
  coordinator: "C",
  group: null,
  initiator,
  timeoutMs: 100,
  branches: participants.map((each) => ({ participant: each, token: null, workCount: 0, work })),
});
export const start = (
  participants: readonly string[],
  initiator: string | null = null,
  cancelled: AbortReason | null = null,
): Input => ({
  kind: "start",
  descriptor: descriptor(participants, "2pc", initiator),
  reply: 1,
  cancelled,
});
export const begin = (...participants: string[]): Event => at(fresh, start(participants));
export const yes = (from: string): Input => message(from, { kind: "vote", vote: "yes", result: none });
export const readOnly = (from: string): Input => message(from, { kind: "vote", vote: "read-only", result: none });
export const no = (from: string): Input => message(from, { kind: "vote", vote: "no", reason: "VOTED_NO", detail: "" });
export const ack = (from: string, decision: "commit" | "abort" = "commit", heuristic: string | null = null): Input =>
  message(from, { kind: "ack", decision, heuristic });
export const inquire = (from: string): Input => message(from, { kind: "inquire" });

/** What a participant meets. */
export const item = (number: number, with_: typeof token | null): Input =>
  message("C", { kind: "work", token: with_, item: number, work });
export const worked = (number: number): Input => resource({ kind: "worked", item: number, ok: true, result: none });
export const active = [at(fresh, item(1, null)), worked(1)];
export const prepare = (with_: typeof token | null, count: number, shot: Uint8Array | null = null): Input =>
  message("C", { kind: "prepare", participants: ["P", "Q"], token: with_, workCount: count, work: shot });
export const can = resource({ kind: "prepared", vote: "yes", redo: work, result: none });
export const reads = resource({ kind: "prepared", vote: "read-only", result: none });
export const cannot = resource({ kind: "prepared", vote: "no", reason: "CONSTRAINT", detail: "" });
/** In doubt, after work under a token: in every presumption. */
export const inDoubt = [...active, prepare(token, 1), can];
export const commit = message("C", { kind: "decision", decision: "commit" });
export const abort = message("C", { kind: "decision", decision: "abort" });
export const applied = resource({ kind: "applied", outcome: "ok" });
export const damaged = resource({ kind: "applied", outcome: "damaged", detail: "row 1" });
export const operator = (act: OperatorAct, reply: number | null = 9): Input => ({
  kind: "operator",
  act,
  reason: "the disk is gone",
  reply,
});
