// Original file: proto/nemcon/v1/participant.proto


export interface ListBranchesRequest {
  'participant'?: (string);
}

export interface ListBranchesRequest__Output {
  'participant': (string);
}
