/** The door of this room. */

export * from "./counts.ts";
export * from "./event.ts";
export * from "./merge.ts";
