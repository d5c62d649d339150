// Original file: proto/nemcon/v1/values.proto

import type { Value as _nemcon_v1_Value, Value__Output as _nemcon_v1_Value__Output } from '../../nemcon/v1/Value.ts';
import type { Expectation as _nemcon_v1_Expectation, Expectation__Output as _nemcon_v1_Expectation__Output } from '../../nemcon/v1/Expectation.ts';

export interface SqlOperation {
  'statement'?: (string);
  'parameters'?: (_nemcon_v1_Value)[];
  'namedParameters'?: ({[key: string]: _nemcon_v1_Value});
  'expect'?: (_nemcon_v1_Expectation | null);
}

export interface SqlOperation__Output {
  'statement': (string);
  'parameters': (_nemcon_v1_Value__Output)[];
  'namedParameters': ({[key: string]: _nemcon_v1_Value__Output});
  'expect': (_nemcon_v1_Expectation__Output | null);
}
