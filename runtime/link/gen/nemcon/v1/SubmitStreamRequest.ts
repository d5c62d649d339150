// Original file: proto/nemcon/v1/coordinator.proto

import type { SubmitRequest as _nemcon_v1_SubmitRequest, SubmitRequest__Output as _nemcon_v1_SubmitRequest__Output } from '../../nemcon/v1/SubmitRequest.ts';
import type { Long } from '@grpc/proto-loader';

export interface SubmitStreamRequest {
  'tag'?: (number | string | Long);
  'submit'?: (_nemcon_v1_SubmitRequest | null);
}

export interface SubmitStreamRequest__Output {
  'tag': (string);
  'submit': (_nemcon_v1_SubmitRequest__Output | null);
}
