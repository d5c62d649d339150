// Original file: proto/nemcon/v1/values.proto

import type { Value as _nemcon_v1_Value, Value__Output as _nemcon_v1_Value__Output } from '../../nemcon/v1/Value.ts';

export interface Row {
  'values'?: (_nemcon_v1_Value)[];
}

export interface Row__Output {
  'values': (_nemcon_v1_Value__Output)[];
}
