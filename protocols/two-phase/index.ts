/** Two-phase commit, with one of three presumptions. */

export { coordinatorBy } from "./coordinator.ts";
export { participantBy } from "./participant.ts";
export { presumedAbort, presumedCommit, presumedNothing, type Presumption } from "./presumption.ts";
