// Original file: proto/nemcon/v1/peer.proto

import type { Long } from '@grpc/proto-loader';

export interface Start {
  'incarnation'?: (number);
  'boot'?: (number);
  'sequence'?: (number | string | Long);
}

export interface Start__Output {
  'incarnation': (number);
  'boot': (number);
  'sequence': (string);
}
