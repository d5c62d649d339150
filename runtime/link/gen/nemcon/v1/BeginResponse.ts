// Original file: proto/nemcon/v1/coordinator.proto


export interface BeginResponse {
  'transaction'?: (string);
  'protocol'?: (string);
  'idleTimeoutMs'?: (number);
}

export interface BeginResponse__Output {
  'transaction': (string);
  'protocol': (string);
  'idleTimeoutMs': (number);
}
