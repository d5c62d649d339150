/** Which messages Gray and Lamport count (protocols §C.8), by the kinds of this build. */

import type { MessageKind } from "../../protocols/index.ts";
import type { Share, ShareOf } from "../../trace/index.ts";

const shares: Readonly<Record<MessageKind, Share>> = {
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

/** Whether a build knows the kind is the compiler's to say; a trace may come from another one. */
export const shareOf: ShareOf = (protocol, kind, to) => {
  // The faster variant's acceptors tell the coordinator too, for the sake of the client, which is not counted.
  if (protocol === "paxos-commit-fast" && kind === "phase-2b" && to === "coordinator") return "beside";
  return (shares as Readonly<Record<string, Share>>)[kind] ?? "counted";
};
