// Original file: proto/nemcon/v1/peer.proto

import type { Long } from '@grpc/proto-loader';

export interface Seen {
  'log'?: (string);
  'incarnation'?: (number);
  'sequence'?: (number | string | Long);
}

export interface Seen__Output {
  'log': (string);
  'incarnation': (number);
  'sequence': (string);
}
