/** The door of this room. */

export * from "./machine.ts";
export * from "./message.ts";
export * from "./record.ts";
export * from "./transaction.ts";
export * from "./registry.ts";
