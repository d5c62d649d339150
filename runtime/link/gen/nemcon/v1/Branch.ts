// Original file: proto/nemcon/v1/values.proto

import type { Operation as _nemcon_v1_Operation, Operation__Output as _nemcon_v1_Operation__Output } from '../../nemcon/v1/Operation.ts';

export interface Branch {
  'participant'?: (string);
  'operations'?: (_nemcon_v1_Operation)[];
  'packedOperations'?: (Buffer | Uint8Array | string);
}

export interface Branch__Output {
  'participant': (string);
  'operations': (_nemcon_v1_Operation__Output)[];
  'packedOperations': (Buffer);
}
