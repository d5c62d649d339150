/** SQL values, operations and results, as every room sees them. */

/** Integers are bigint always, so that all 64 bits are kept and 1 differs from 1.0. */
export type Value = null | bigint | number | string | Uint8Array;

export interface SqlOperation {
  readonly kind: "sql";
  readonly statement: string;
  /** By position, or by name without the leading sign. */
  readonly parameters: readonly Value[] | Readonly<Record<string, Value>>;
  /** Another number of rows changed (or returned, by a query) is a NO. */
  readonly expectRows: number | null;
}

export type Operation = SqlOperation;

export interface OperationResult {
  /** Rows changed, or returned by a query. */
  readonly rowsAffected: number;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/** Past these a request is refused at the door, before anything was promised (docs/limits.md). */
export const limits = {
  messageBytes: 4 * 1024 * 1024,
  operationsPerBranch: 1_000,
  participantsPerTransaction: 64,
  rowsPerResult: 10_000,
  resultBytesPerBranch: 1024 * 1024,
} as const;
