// Original file: proto/nemcon/v1/operator.proto


export interface ResolveResponse {
  'state'?: (string);
}

export interface ResolveResponse__Output {
  'state': (string);
}
