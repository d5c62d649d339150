// Original file: proto/nemcon/v1/participant.proto

import type { Operation as _nemcon_v1_Operation, Operation__Output as _nemcon_v1_Operation__Output } from '../../nemcon/v1/Operation.ts';

export interface ExecuteRequest {
  'transaction'?: (string);
  'participant'?: (string);
  'operations'?: (_nemcon_v1_Operation)[];
  'timeoutMs'?: (number);
  'last'?: (boolean);
}

export interface ExecuteRequest__Output {
  'transaction': (string);
  'participant': (string);
  'operations': (_nemcon_v1_Operation__Output)[];
  'timeoutMs': (number);
  'last': (boolean);
}
