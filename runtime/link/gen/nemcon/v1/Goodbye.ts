// Original file: proto/nemcon/v1/peer.proto


export interface Goodbye {
  'reason'?: (string);
  'message'?: (string);
}

export interface Goodbye__Output {
  'reason': (string);
  'message': (string);
}
