// Original file: proto/nemcon/v1/coordinator.proto


export interface GetTransactionRequest {
  'transaction'?: (string);
}

export interface GetTransactionRequest__Output {
  'transaction': (string);
}
