/** The door of this room. */

export { connect } from "./connect.ts";
export { acceptJournal, describeJournal, type JournalDescription } from "./inspect.ts";
export type { Guard, Hooks, JournalFaults, SqliteJournal } from "./journal.ts";
export type { Replayed } from "./load.ts";
export { journalFile, openJournal, type JournalOptions, type OpenedJournal } from "./open.ts";
export { journalText } from "./text.ts";
export { Wal } from "./wal.ts";
