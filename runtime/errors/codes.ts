/** Status codes and exit codes, as plain numbers: this leaf knows neither gRPC nor the process. */

/** The status codes of gRPC (google.rpc.Code); the numbers are part of the wire. */
export const code = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;
export type Code = (typeof code)[keyof typeof code];

/** What the command's exit codes mean: sysexits.h where it has a number, so that scripts and supervisors can tell. */
export const exit = {
  /** Done, or valid. */
  done: 0,
  /** Failed, invalid, or an abort. */
  failed: 1,
  /** No verdict: the outcome is pending, unknown or no longer kept. */
  unknown: 2,
  usage: 64,
  journalDamaged: 70,
  /** An I/O error on a forced write: the log decides at the next start. */
  writeFailed: 74,
  tryAgain: 75,
  configuration: 78,
} as const;
export type ExitCode = (typeof exit)[keyof typeof exit];
