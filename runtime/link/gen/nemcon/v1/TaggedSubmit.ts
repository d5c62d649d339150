// Original file: proto/nemcon/v1/coordinator.proto

import type { SubmitRequest as _nemcon_v1_SubmitRequest, SubmitRequest__Output as _nemcon_v1_SubmitRequest__Output } from '../../nemcon/v1/SubmitRequest.ts';

export interface TaggedSubmit {
  'tag'?: (number);
  'submit'?: (_nemcon_v1_SubmitRequest | null);
}

export interface TaggedSubmit__Output {
  'tag': (number);
  'submit': (_nemcon_v1_SubmitRequest__Output | null);
}
