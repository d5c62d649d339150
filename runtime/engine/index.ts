/** The door of this room. */

export type * from "./entry.ts";
export type * from "./ports.ts";
