/** The door: a coordinator as a server and as a library. */

export { serveCoordinator, type RunningCoordinator, type ServeCoordinator } from "./server.ts";
export type { TransactionStatus } from "./status.ts";
export type { Coordinator, SubmitRequest } from "./wiring.ts";
