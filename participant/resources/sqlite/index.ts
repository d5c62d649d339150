/** The door: the SQLite resource manager. */

export type { QueryLimits } from "./query.ts";
export { Refusal } from "./refusal.ts";
export { openSqliteResource, type SqliteResource, type SqliteResourceOptions } from "./resource.ts";
