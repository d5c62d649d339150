// Original file: proto/nemcon/v1/coordinator.proto


export interface CommitRequest {
  'transaction'?: (string);
  'timeoutMs'?: (number);
}

export interface CommitRequest__Output {
  'transaction': (string);
  'timeoutMs': (number);
}
