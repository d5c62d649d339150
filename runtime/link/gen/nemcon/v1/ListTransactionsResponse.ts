// Original file: proto/nemcon/v1/coordinator.proto

import type { Transaction as _nemcon_v1_Transaction, Transaction__Output as _nemcon_v1_Transaction__Output } from '../../nemcon/v1/Transaction.ts';

export interface ListTransactionsResponse {
  'transactions'?: (_nemcon_v1_Transaction)[];
  'nextPageToken'?: (string);
}

export interface ListTransactionsResponse__Output {
  'transactions': (_nemcon_v1_Transaction__Output)[];
  'nextPageToken': (string);
}
