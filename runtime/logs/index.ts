/** The door: the log of a process. */

export { openLog, silentLog, type Log, type LogOptions, type OpenLog } from "./logger.ts";
