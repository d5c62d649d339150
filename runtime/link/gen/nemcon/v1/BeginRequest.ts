// Original file: proto/nemcon/v1/coordinator.proto


export interface BeginRequest {
  'protocol'?: (string);
  'timeoutMs'?: (number);
  'initiator'?: (string);
}

export interface BeginRequest__Output {
  'protocol': (string);
  'timeoutMs': (number);
  'initiator': (string);
}
