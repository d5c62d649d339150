// Original file: proto/nemcon/v1/operator.proto


export interface ListAcceptorsRequest {
}

export interface ListAcceptorsRequest__Output {
}
