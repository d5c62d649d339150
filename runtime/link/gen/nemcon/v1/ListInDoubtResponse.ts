// Original file: proto/nemcon/v1/operator.proto

import type { InDoubt as _nemcon_v1_InDoubt, InDoubt__Output as _nemcon_v1_InDoubt__Output } from '../../nemcon/v1/InDoubt.ts';

export interface ListInDoubtResponse {
  'node'?: (string);
  'role'?: (string);
  'transactions'?: (_nemcon_v1_InDoubt)[];
}

export interface ListInDoubtResponse__Output {
  'node': (string);
  'role': (string);
  'transactions': (_nemcon_v1_InDoubt__Output)[];
}
