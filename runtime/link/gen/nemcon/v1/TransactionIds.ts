// Original file: proto/nemcon/v1/coordinator.proto

import type { Long } from '@grpc/proto-loader';

export interface TransactionIds {
  'prefix'?: (string);
  'first'?: (number | string | Long);
  'count'?: (number);
}

export interface TransactionIds__Output {
  'prefix': (string);
  'first': (string);
  'count': (number);
}
