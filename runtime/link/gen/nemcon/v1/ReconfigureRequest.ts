// Original file: proto/nemcon/v1/operator.proto


export interface ReconfigureRequest {
  'acceptors'?: (string)[];
  'reason'?: (string);
}

export interface ReconfigureRequest__Output {
  'acceptors': (string)[];
  'reason': (string);
}
