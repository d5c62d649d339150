// Original file: proto/nemcon/v1/outcome.proto

import type { OutcomeKind as _nemcon_v1_OutcomeKind, OutcomeKind__Output as _nemcon_v1_OutcomeKind__Output } from '../../nemcon/v1/OutcomeKind.ts';
import type { BranchResult as _nemcon_v1_BranchResult, BranchResult__Output as _nemcon_v1_BranchResult__Output } from '../../nemcon/v1/BranchResult.ts';

export interface Outcome {
  'transaction'?: (string);
  'kind'?: (_nemcon_v1_OutcomeKind);
  'reason'?: (string);
  'detail'?: (string);
  'participant'?: (string);
  'branches'?: (_nemcon_v1_BranchResult)[];
  'heuristic'?: (boolean);
}

export interface Outcome__Output {
  'transaction': (string);
  'kind': (_nemcon_v1_OutcomeKind__Output);
  'reason': (string);
  'detail': (string);
  'participant': (string);
  'branches': (_nemcon_v1_BranchResult__Output)[];
  'heuristic': (boolean);
}
