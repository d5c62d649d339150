/** The door of this room. */

export * from "./ballot.ts";
export * from "./machine.ts";
export * from "./message.ts";
export * from "./quorum.ts";
export * from "./record.ts";
export * from "./transaction.ts";
export * from "./registry.ts";
export { decisionOfRow, isForced } from "./heuristic.ts";
