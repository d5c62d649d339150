// Original file: proto/nemcon/v1/operator.proto

import type { Acceptor as _nemcon_v1_Acceptor, Acceptor__Output as _nemcon_v1_Acceptor__Output } from '../../nemcon/v1/Acceptor.ts';
import type { Long } from '@grpc/proto-loader';

export interface AcceptorGroup {
  'version'?: (number);
  'from'?: (string);
  'acceptors'?: (_nemcon_v1_Acceptor)[];
  'reason'?: (string);
  'atMs'?: (number | string | Long);
  'open'?: (number);
  'held'?: (number);
  'unknown'?: (boolean);
}

export interface AcceptorGroup__Output {
  'version': (number);
  'from': (string);
  'acceptors': (_nemcon_v1_Acceptor__Output)[];
  'reason': (string);
  'atMs': (string);
  'open': (number);
  'held': (number);
  'unknown': (boolean);
}
