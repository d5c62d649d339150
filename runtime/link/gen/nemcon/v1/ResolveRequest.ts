// Original file: proto/nemcon/v1/operator.proto

import type { Decision as _nemcon_v1_Decision, Decision__Output as _nemcon_v1_Decision__Output } from '../../nemcon/v1/Decision.ts';

export interface ResolveRequest {
  'transaction'?: (string);
  'participant'?: (string);
  'decision'?: (_nemcon_v1_Decision);
  'reason'?: (string);
}

export interface ResolveRequest__Output {
  'transaction': (string);
  'participant': (string);
  'decision': (_nemcon_v1_Decision__Output);
  'reason': (string);
}
