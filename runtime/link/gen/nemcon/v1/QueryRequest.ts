// Original file: proto/nemcon/v1/participant.proto

import type { SqlOperation as _nemcon_v1_SqlOperation, SqlOperation__Output as _nemcon_v1_SqlOperation__Output } from '../../nemcon/v1/SqlOperation.ts';

export interface QueryRequest {
  'participant'?: (string);
  'sql'?: (_nemcon_v1_SqlOperation | null);
  'timeoutMs'?: (number);
}

export interface QueryRequest__Output {
  'participant': (string);
  'sql': (_nemcon_v1_SqlOperation__Output | null);
  'timeoutMs': (number);
}
