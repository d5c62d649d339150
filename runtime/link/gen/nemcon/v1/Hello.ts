// Original file: proto/nemcon/v1/peer.proto

import type { Seen as _nemcon_v1_Seen, Seen__Output as _nemcon_v1_Seen__Output } from '../../nemcon/v1/Seen.ts';
import type { Long } from '@grpc/proto-loader';

export interface Hello {
  'cluster'?: (string);
  'node'?: (string);
  'role'?: (string);
  'log'?: (string);
  'incarnation'?: (number);
  'sequence'?: (number | string | Long);
  'versions'?: (number)[];
  'software'?: (string);
  'seen'?: (_nemcon_v1_Seen | null);
  'address'?: (string);
}

export interface Hello__Output {
  'cluster': (string);
  'node': (string);
  'role': (string);
  'log': (string);
  'incarnation': (number);
  'sequence': (string);
  'versions': (number)[];
  'software': (string);
  'seen': (_nemcon_v1_Seen__Output | null);
  'address': (string);
}
