/** The door: a participant as a server and as a library. */

export { openSqliteResource, type SqliteResource, type SqliteResourceOptions } from "./resources/sqlite/index.ts";
export { serveParticipant, type RunningParticipant, type ServeParticipant } from "./server.ts";
export type { BranchStatus, Participant } from "./wiring.ts";
