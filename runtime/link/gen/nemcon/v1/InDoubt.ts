// Original file: proto/nemcon/v1/operator.proto

import type { Long } from '@grpc/proto-loader';

export interface InDoubt {
  'transaction'?: (string);
  'protocol'?: (string);
  'state'?: (string);
  'coordinator'?: (string);
  'coordinatorConnected'?: (boolean);
  'participants'?: (string)[];
  'forMs'?: (number | string | Long);
  'locks'?: (string)[];
  'detail'?: (string);
}

export interface InDoubt__Output {
  'transaction': (string);
  'protocol': (string);
  'state': (string);
  'coordinator': (string);
  'coordinatorConnected': (boolean);
  'participants': (string)[];
  'forMs': (string);
  'locks': (string)[];
  'detail': (string);
}
