/** The door: what every server shares beside engine, journal, link, errors and values, which have doors of their own. */

export * from "./config/index.ts";
export * from "./logs/index.ts";
export * from "./opening.ts";
export * from "./peering.ts";
export * from "./system.ts";
export * from "./tracing.ts";
export * from "./operator.ts";
export * from "./serving.ts";
