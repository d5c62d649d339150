/** The door: the error class, its reasons, and what abort reasons mean. */

export { aborts, type AbortEntry } from "./aborts.ts";
export { code, exit, type Code, type ExitCode } from "./codes.ts";
export { errorDomain, NemconError, type ErrorOptions } from "./error.ts";
export { isReason, reasons, type Reason, type ReasonEntry } from "./reasons.ts";
export { suggestion } from "./suggest.ts";
