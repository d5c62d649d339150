// Original file: proto/nemcon/v1/coordinator.proto


export interface ListTransactionsRequest {
  'state'?: (string);
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListTransactionsRequest__Output {
  'state': (string);
  'pageSize': (number);
  'pageToken': (string);
}
