// Original file: proto/nemcon/v1/participant.proto

import type { OperationResult as _nemcon_v1_OperationResult, OperationResult__Output as _nemcon_v1_OperationResult__Output } from '../../nemcon/v1/OperationResult.ts';

export interface QueryResponse {
  'result'?: (_nemcon_v1_OperationResult | null);
}

export interface QueryResponse__Output {
  'result': (_nemcon_v1_OperationResult__Output | null);
}
