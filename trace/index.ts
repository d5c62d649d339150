/** The door of this room. */

export * from "./counts.ts";
export * from "./diagram.ts";
export type * from "./diagram-row.ts";
export * from "./diagram-svg.ts";
export * from "./diagram-text.ts";
export * from "./event.ts";
export * from "./merge.ts";
