// Original file: proto/nemcon/v1/outcome.proto

export const OutcomeKind = {
  OUTCOME_KIND_UNSPECIFIED: 'OUTCOME_KIND_UNSPECIFIED',
  OUTCOME_KIND_COMMITTED: 'OUTCOME_KIND_COMMITTED',
  OUTCOME_KIND_ABORTED: 'OUTCOME_KIND_ABORTED',
  OUTCOME_KIND_PENDING: 'OUTCOME_KIND_PENDING',
  OUTCOME_KIND_FORGOTTEN: 'OUTCOME_KIND_FORGOTTEN',
} as const;

export type OutcomeKind =
  | 'OUTCOME_KIND_UNSPECIFIED'
  | 0
  | 'OUTCOME_KIND_COMMITTED'
  | 1
  | 'OUTCOME_KIND_ABORTED'
  | 2
  | 'OUTCOME_KIND_PENDING'
  | 3
  | 'OUTCOME_KIND_FORGOTTEN'
  | 4

export type OutcomeKind__Output = typeof OutcomeKind[keyof typeof OutcomeKind]
