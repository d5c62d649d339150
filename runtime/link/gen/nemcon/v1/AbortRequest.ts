// Original file: proto/nemcon/v1/coordinator.proto


export interface AbortRequest {
  'transaction'?: (string);
}

export interface AbortRequest__Output {
  'transaction': (string);
}
