// Original file: proto/nemcon/v1/coordinator.proto

import type { TaggedSubmit as _nemcon_v1_TaggedSubmit, TaggedSubmit__Output as _nemcon_v1_TaggedSubmit__Output } from '../../nemcon/v1/TaggedSubmit.ts';

export interface SubmitStreamRequest {
  'submits'?: (_nemcon_v1_TaggedSubmit)[];
}

export interface SubmitStreamRequest__Output {
  'submits': (_nemcon_v1_TaggedSubmit__Output)[];
}
