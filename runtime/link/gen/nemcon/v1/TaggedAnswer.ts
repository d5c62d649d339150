// Original file: proto/nemcon/v1/coordinator.proto

import type { Outcome as _nemcon_v1_Outcome, Outcome__Output as _nemcon_v1_Outcome__Output } from '../../nemcon/v1/Outcome.ts';
import type { Refusal as _nemcon_v1_Refusal, Refusal__Output as _nemcon_v1_Refusal__Output } from '../../nemcon/v1/Refusal.ts';

export interface TaggedAnswer {
  'tag'?: (number);
  'outcome'?: (_nemcon_v1_Outcome | null);
  'refusal'?: (_nemcon_v1_Refusal | null);
  'kind'?: "outcome"|"refusal";
}

export interface TaggedAnswer__Output {
  'tag': (number);
  'outcome'?: (_nemcon_v1_Outcome__Output | null);
  'refusal'?: (_nemcon_v1_Refusal__Output | null);
  'kind'?: "outcome"|"refusal";
}
