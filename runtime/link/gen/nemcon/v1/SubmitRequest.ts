// Original file: proto/nemcon/v1/coordinator.proto

import type { Branch as _nemcon_v1_Branch, Branch__Output as _nemcon_v1_Branch__Output } from '../../nemcon/v1/Branch.ts';

export interface SubmitRequest {
  'transaction'?: (string);
  'protocol'?: (string);
  'timeoutMs'?: (number);
  'branches'?: (_nemcon_v1_Branch)[];
  'packing'?: (number);
}

export interface SubmitRequest__Output {
  'transaction': (string);
  'protocol': (string);
  'timeoutMs': (number);
  'branches': (_nemcon_v1_Branch__Output)[];
  'packing': (number);
}
