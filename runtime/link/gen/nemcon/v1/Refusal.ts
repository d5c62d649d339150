// Original file: proto/nemcon/v1/coordinator.proto


export interface Refusal {
  'code'?: (number);
  'reason'?: (string);
  'message'?: (string);
  'retryAfterMs'?: (number);
}

export interface Refusal__Output {
  'code': (number);
  'reason': (string);
  'message': (string);
  'retryAfterMs': (number);
}
