// Original file: proto/nemcon/v1/values.proto

import type { Row as _nemcon_v1_Row, Row__Output as _nemcon_v1_Row__Output } from '../../nemcon/v1/Row.ts';
import type { Long } from '@grpc/proto-loader';

export interface OperationResult {
  'rowsAffected'?: (number | string | Long);
  'columns'?: (string)[];
  'rows'?: (_nemcon_v1_Row)[];
}

export interface OperationResult__Output {
  'rowsAffected': (string);
  'columns': (string)[];
  'rows': (_nemcon_v1_Row__Output)[];
}
