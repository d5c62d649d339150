// Original file: proto/nemcon/v1/operator.proto

import type { AcceptorGroup as _nemcon_v1_AcceptorGroup, AcceptorGroup__Output as _nemcon_v1_AcceptorGroup__Output } from '../../nemcon/v1/AcceptorGroup.ts';

export interface ReconfigureResponse {
  'node'?: (string);
  'changed'?: (boolean);
  'groups'?: (_nemcon_v1_AcceptorGroup)[];
}

export interface ReconfigureResponse__Output {
  'node': (string);
  'changed': (boolean);
  'groups': (_nemcon_v1_AcceptorGroup__Output)[];
}
