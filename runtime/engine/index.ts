/** The door of this room. */

export { Engine, type AnyMachine, type EngineOptions } from "./engine.ts";
export { Follower, type FollowerOptions } from "./follower.ts";
export { closedIdentity, type Identity } from "./identity.ts";
export type * from "./entry.ts";
export type { Peer } from "./instance.ts";
export { admitPeer, namesOf, seenOf, type Return, type Returning, type Start } from "./membership.ts";
export { Outcomes, type Watermark } from "./outcomes.ts";
export type * from "./ports.ts";
export { Tracer, type TracerOptions } from "./tracer.ts";
export { IdRanges, rangeOf, rangeText, type IdRange } from "./ranges.ts";
export type { RetentionTimes } from "./retention.ts";
export { isUnattended } from "./unattended.ts";
