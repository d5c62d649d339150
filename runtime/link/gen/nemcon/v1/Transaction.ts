// Original file: proto/nemcon/v1/coordinator.proto

import type { Long } from '@grpc/proto-loader';

export interface Transaction {
  'transaction'?: (string);
  'protocol'?: (string);
  'state'?: (string);
  'reason'?: (string);
  'detail'?: (string);
  'participants'?: (string)[];
  'startedAtMs'?: (number | string | Long);
  'endedAtMs'?: (number | string | Long);
}

export interface Transaction__Output {
  'transaction': (string);
  'protocol': (string);
  'state': (string);
  'reason': (string);
  'detail': (string);
  'participants': (string)[];
  'startedAtMs': (string);
  'endedAtMs': (string);
}
