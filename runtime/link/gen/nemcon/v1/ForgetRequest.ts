// Original file: proto/nemcon/v1/operator.proto


export interface ForgetRequest {
  'transaction'?: (string);
  'participant'?: (string);
  'reason'?: (string);
}

export interface ForgetRequest__Output {
  'transaction': (string);
  'participant': (string);
  'reason': (string);
}
