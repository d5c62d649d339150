// Original file: proto/nemcon/v1/operator.proto


export interface ForgetResponse {
}

export interface ForgetResponse__Output {
}
