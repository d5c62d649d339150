// Original file: proto/nemcon/v1/coordinator.proto

import type { TransactionIds as _nemcon_v1_TransactionIds, TransactionIds__Output as _nemcon_v1_TransactionIds__Output } from '../../nemcon/v1/TransactionIds.ts';
import type { Outcome as _nemcon_v1_Outcome, Outcome__Output as _nemcon_v1_Outcome__Output } from '../../nemcon/v1/Outcome.ts';
import type { Refusal as _nemcon_v1_Refusal, Refusal__Output as _nemcon_v1_Refusal__Output } from '../../nemcon/v1/Refusal.ts';
import type { Long } from '@grpc/proto-loader';

export interface SubmitStreamResponse {
  'tag'?: (number | string | Long);
  'ids'?: (_nemcon_v1_TransactionIds | null);
  'outcome'?: (_nemcon_v1_Outcome | null);
  'refusal'?: (_nemcon_v1_Refusal | null);
  'kind'?: "ids"|"outcome"|"refusal";
}

export interface SubmitStreamResponse__Output {
  'tag': (string);
  'ids'?: (_nemcon_v1_TransactionIds__Output | null);
  'outcome'?: (_nemcon_v1_Outcome__Output | null);
  'refusal'?: (_nemcon_v1_Refusal__Output | null);
  'kind'?: "ids"|"outcome"|"refusal";
}
