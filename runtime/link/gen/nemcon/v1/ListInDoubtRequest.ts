// Original file: proto/nemcon/v1/operator.proto


export interface ListInDoubtRequest {
}

export interface ListInDoubtRequest__Output {
}
