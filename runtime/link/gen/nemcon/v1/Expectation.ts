// Original file: proto/nemcon/v1/values.proto

import type { Long } from '@grpc/proto-loader';

export interface Expectation {
  'rows'?: (number | string | Long);
  '_rows'?: "rows";
}

export interface Expectation__Output {
  'rows'?: (string);
  '_rows'?: "rows";
}
