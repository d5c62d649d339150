// Original file: proto/nemcon/v1/coordinator.proto

import type { Outcome as _nemcon_v1_Outcome, Outcome__Output as _nemcon_v1_Outcome__Output } from '../../nemcon/v1/Outcome.ts';

export interface SubmitResponse {
  'outcome'?: (_nemcon_v1_Outcome | null);
}

export interface SubmitResponse__Output {
  'outcome': (_nemcon_v1_Outcome__Output | null);
}
