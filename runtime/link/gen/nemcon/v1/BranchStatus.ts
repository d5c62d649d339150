// Original file: proto/nemcon/v1/participant.proto

import type { Long } from '@grpc/proto-loader';

export interface BranchStatus {
  'transaction'?: (string);
  'state'?: (string);
  'coordinator'?: (string);
  'participants'?: (string)[];
  'sinceMs'?: (number | string | Long);
  'locks'?: (string)[];
  'protocol'?: (string);
}

export interface BranchStatus__Output {
  'transaction': (string);
  'state': (string);
  'coordinator': (string);
  'participants': (string)[];
  'sinceMs': (string);
  'locks': (string)[];
  'protocol': (string);
}
