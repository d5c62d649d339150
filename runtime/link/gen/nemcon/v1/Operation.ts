// Original file: proto/nemcon/v1/values.proto

import type { SqlOperation as _nemcon_v1_SqlOperation, SqlOperation__Output as _nemcon_v1_SqlOperation__Output } from '../../nemcon/v1/SqlOperation.ts';

export interface Operation {
  'sql'?: (_nemcon_v1_SqlOperation | null);
  'kind'?: "sql";
}

export interface Operation__Output {
  'sql'?: (_nemcon_v1_SqlOperation__Output | null);
  'kind'?: "sql";
}
