// Original file: proto/nemcon/v1/coordinator.proto

import type { Transaction as _nemcon_v1_Transaction, Transaction__Output as _nemcon_v1_Transaction__Output } from '../../nemcon/v1/Transaction.ts';

export interface GetTransactionResponse {
  'transaction'?: (_nemcon_v1_Transaction | null);
}

export interface GetTransactionResponse__Output {
  'transaction': (_nemcon_v1_Transaction__Output | null);
}
