// Original file: proto/nemcon/v1/values.proto

import type { OperationResult as _nemcon_v1_OperationResult, OperationResult__Output as _nemcon_v1_OperationResult__Output } from '../../nemcon/v1/OperationResult.ts';

export interface BranchResult {
  'participant'?: (string);
  'results'?: (_nemcon_v1_OperationResult)[];
  'packedResults'?: (Buffer | Uint8Array | string);
}

export interface BranchResult__Output {
  'participant': (string);
  'results': (_nemcon_v1_OperationResult__Output)[];
  'packedResults': (Buffer);
}
