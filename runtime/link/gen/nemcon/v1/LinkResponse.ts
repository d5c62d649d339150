// Original file: proto/nemcon/v1/peer.proto

import type { Hello as _nemcon_v1_Hello, Hello__Output as _nemcon_v1_Hello__Output } from '../../nemcon/v1/Hello.ts';
import type { Frame as _nemcon_v1_Frame, Frame__Output as _nemcon_v1_Frame__Output } from '../../nemcon/v1/Frame.ts';

export interface LinkResponse {
  'hello'?: (_nemcon_v1_Hello | null);
  'frame'?: (_nemcon_v1_Frame | null);
  'kind'?: "hello"|"frame";
}

export interface LinkResponse__Output {
  'hello'?: (_nemcon_v1_Hello__Output | null);
  'frame'?: (_nemcon_v1_Frame__Output | null);
  'kind'?: "hello"|"frame";
}
