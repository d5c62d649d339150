// Original file: proto/nemcon/v1/coordinator.proto


export interface WatchTransactionsRequest {
  'transaction'?: (string);
}

export interface WatchTransactionsRequest__Output {
  'transaction': (string);
}
