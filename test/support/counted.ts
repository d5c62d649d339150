/** Which messages Gray and Lamport count (protocols §C.8), by the kinds of this build. */

import type { MessageKind } from "../../protocols/index.ts";
import type { Uncounted } from "../../trace/index.ts";

/** work: the application's. beside: acknowledgements, copies, questions. counted: the paper's. */
const shares: Readonly<Record<MessageKind, "counted" | "beside" | "work">> = {
  work: "work",
  worked: "work",
  "work-failed": "work",
  prepare: "counted",
  vote: "counted",
  decision: "counted",
  ack: "beside",
  inquire: "beside",
  pending: "beside",
  "not-mine": "beside",
  "commit-one-phase": "counted",
  "resolve-one-phase": "beside",
  "one-phase-result": "counted",
  "paxos-prepare": "counted",
  "paxos-last-work": "work",
  "begin-commit": "counted",
  "phase-1a": "beside",
  "phase-1b": "beside",
  "phase-2a": "counted",
  "phase-2b": "counted",
  nack: "beside",
  "outcome-request": "beside",
  close: "beside",
  forgotten: "beside",
  "last-work": "work",
  "decision-request": "beside",
  "decision-reply": "beside",
  forget: "beside",
  precommit: "counted",
  preabort: "counted",
  "attempt-ack": "counted",
  refused: "beside",
  "state-request": "beside",
  "state-report": "beside",
};

const all = Object.entries(shares);

export const uncounted: Uncounted = {
  work: new Set(all.filter(([, share]) => share === "work").map(([kind]) => kind)),
  beside: new Set(all.filter(([, share]) => share === "beside").map(([kind]) => kind)),
};
