// Original file: proto/nemcon/v1/peer.proto

import type { Start as _nemcon_v1_Start, Start__Output as _nemcon_v1_Start__Output } from '../../nemcon/v1/Start.ts';
import type { Long } from '@grpc/proto-loader';

export interface Hello {
  'cluster'?: (string);
  'node'?: (string);
  'role'?: (string);
  'log'?: (string);
  'starts'?: (_nemcon_v1_Start)[];
  'sequence'?: (number | string | Long);
  'versions'?: (number)[];
  'software'?: (string);
  'address'?: (string);
}

export interface Hello__Output {
  'cluster': (string);
  'node': (string);
  'role': (string);
  'log': (string);
  'starts': (_nemcon_v1_Start__Output)[];
  'sequence': (string);
  'versions': (number)[];
  'software': (string);
  'address': (string);
}
