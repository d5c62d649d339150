// Original file: proto/nemcon/v1/operator.proto

export const Decision = {
  DECISION_UNSPECIFIED: 'DECISION_UNSPECIFIED',
  DECISION_COMMIT: 'DECISION_COMMIT',
  DECISION_ABORT: 'DECISION_ABORT',
} as const;

export type Decision =
  | 'DECISION_UNSPECIFIED'
  | 0
  | 'DECISION_COMMIT'
  | 1
  | 'DECISION_ABORT'
  | 2

export type Decision__Output = typeof Decision[keyof typeof Decision]
