// Original file: proto/nemcon/v1/peer.proto

import type { Long } from '@grpc/proto-loader';

export interface Frame {
  'version'?: (number);
  'rows'?: (Buffer | Uint8Array | string);
  'sequence'?: (number | string | Long);
}

export interface Frame__Output {
  'version': (number);
  'rows': (Buffer);
  'sequence': (string);
}
