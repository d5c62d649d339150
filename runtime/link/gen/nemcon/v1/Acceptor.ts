// Original file: proto/nemcon/v1/operator.proto


export interface Acceptor {
  'node'?: (string);
  'address'?: (string);
  'linked'?: (boolean);
}

export interface Acceptor__Output {
  'node': (string);
  'address': (string);
  'linked': (boolean);
}
