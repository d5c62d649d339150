/**
 * TwoPhase (Gray, Lamport 2006, §3): two-phase commit without logs, crashes or forgetting. Messages are never removed,
 * so that loss, delay and duplication are all there; RMs prepare without being asked.
 */

import type { System } from "../system.ts";
import { Layout, range, type Bytes } from "./layout.ts";
import { ABORTED, COMMITTED, isConsistent, isTCommitStep, pictureOfRms, PREPARED, WORKING } from "./tcommit.ts";

const INIT = 0;
const DONE = 1;

const COMMIT_SENT = 1;
const ABORT_SENT = 2;

export function twoPhase(rms: number): System<Bytes> {
  const layout = new Layout();
  layout.fields(rms);
  const tm = layout.fields(1);
  /** Whose Prepared the TM has received, and who has sent it. */
  const heard = layout.fields(rms);
  const sent = layout.fields(rms);
  const decision = layout.fields(1);
  const next = new Uint8Array(layout.sizeBytes);
  const labels = range(rms).map((rm) => ({
    prepare: `RMPrepare(r${rm + 1})`,
    chooseToAbort: `RMChooseToAbort(r${rm + 1})`,
    receivePrepared: `TMRcvPrepared(r${rm + 1})`,
    receiveCommit: `RMRcvCommitMsg(r${rm + 1})`,
    receiveAbort: `RMRcvAbortMsg(r${rm + 1})`,
  }));

  const heardAll = (state: Bytes): boolean => {
    for (let rm = 0; rm < rms; rm += 1) if (state[heard + rm] === 0) return false;
    return true;
  };
  const isSent = (state: Bytes, message: number): boolean => ((state[decision] ?? 0) & message) !== 0;

  return {
    initial: () => [new Uint8Array(layout.sizeBytes)],
    successors(state, found) {
      const take = (label: string, place: number, value: number, alsoPlace = place, alsoValue = value): void => {
        next.set(state);
        next[place] = value;
        next[alsoPlace] = alsoValue;
        found(label, next);
      };
      if (state[tm] === INIT) {
        if (heardAll(state)) take("TMCommit", tm, DONE, decision, (state[decision] ?? 0) | COMMIT_SENT);
        take("TMAbort", tm, DONE, decision, (state[decision] ?? 0) | ABORT_SENT);
      }
      for (const [rm, label] of labels.entries()) {
        if (state[tm] === INIT && state[sent + rm] === 1) take(label.receivePrepared, heard + rm, 1);
        if (state[rm] === WORKING) {
          take(label.prepare, rm, PREPARED, sent + rm, 1);
          take(label.chooseToAbort, rm, ABORTED);
        }
        if (isSent(state, COMMIT_SENT)) take(label.receiveCommit, rm, COMMITTED);
        if (isSent(state, ABORT_SENT)) take(label.receiveAbort, rm, ABORTED);
      }
    },
    pack: (state) => state,
    unpack: (bytes) => bytes,
    invariants: { consistent: (state) => isConsistent(state, rms) },
    stepInvariants: { "refines TCommit": (before, after) => isTCommitStep(before, after, rms) },
    picture: (state) => ({
      ...pictureOfRms(state, rms),
      TM: state[tm] === INIT ? "init" : "done",
      heard: range(rms)
        .filter((rm) => state[heard + rm] === 1)
        .map((rm) => `r${rm + 1}`)
        .join(" "),
      sent: [
        ...range(rms)
          .filter((rm) => state[sent + rm] === 1)
          .map((rm) => `Prepared(r${rm + 1})`),
        ...(isSent(state, COMMIT_SENT) ? ["Commit"] : []),
        ...(isSent(state, ABORT_SENT) ? ["Abort"] : []),
      ].join(" "),
    }),
  };
}
