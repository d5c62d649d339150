// Original file: proto/nemcon/v1/coordinator.proto

import type { TaggedAnswer as _nemcon_v1_TaggedAnswer, TaggedAnswer__Output as _nemcon_v1_TaggedAnswer__Output } from '../../nemcon/v1/TaggedAnswer.ts';
import type { TransactionIds as _nemcon_v1_TransactionIds, TransactionIds__Output as _nemcon_v1_TransactionIds__Output } from '../../nemcon/v1/TransactionIds.ts';

export interface SubmitStreamResponse {
  'answers'?: (_nemcon_v1_TaggedAnswer)[];
  'ids'?: (_nemcon_v1_TransactionIds | null);
}

export interface SubmitStreamResponse__Output {
  'answers': (_nemcon_v1_TaggedAnswer__Output)[];
  'ids': (_nemcon_v1_TransactionIds__Output | null);
}
