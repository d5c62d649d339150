// Original file: proto/nemcon/v1/participant.proto

import type { OperationResult as _nemcon_v1_OperationResult, OperationResult__Output as _nemcon_v1_OperationResult__Output } from '../../nemcon/v1/OperationResult.ts';
import type { Outcome as _nemcon_v1_Outcome, Outcome__Output as _nemcon_v1_Outcome__Output } from '../../nemcon/v1/Outcome.ts';

export interface ExecuteResponse {
  'results'?: (_nemcon_v1_OperationResult)[];
  'aborted'?: (_nemcon_v1_Outcome | null);
  'outcome'?: (_nemcon_v1_Outcome | null);
}

export interface ExecuteResponse__Output {
  'results': (_nemcon_v1_OperationResult__Output)[];
  'aborted': (_nemcon_v1_Outcome__Output | null);
  'outcome': (_nemcon_v1_Outcome__Output | null);
}
