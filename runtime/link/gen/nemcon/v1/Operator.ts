// Original file: proto/nemcon/v1/operator.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ForgetRequest as _nemcon_v1_ForgetRequest, ForgetRequest__Output as _nemcon_v1_ForgetRequest__Output } from '../../nemcon/v1/ForgetRequest.ts';
import type { ForgetResponse as _nemcon_v1_ForgetResponse, ForgetResponse__Output as _nemcon_v1_ForgetResponse__Output } from '../../nemcon/v1/ForgetResponse.ts';
import type { ListInDoubtRequest as _nemcon_v1_ListInDoubtRequest, ListInDoubtRequest__Output as _nemcon_v1_ListInDoubtRequest__Output } from '../../nemcon/v1/ListInDoubtRequest.ts';
import type { ListInDoubtResponse as _nemcon_v1_ListInDoubtResponse, ListInDoubtResponse__Output as _nemcon_v1_ListInDoubtResponse__Output } from '../../nemcon/v1/ListInDoubtResponse.ts';
import type { ResolveRequest as _nemcon_v1_ResolveRequest, ResolveRequest__Output as _nemcon_v1_ResolveRequest__Output } from '../../nemcon/v1/ResolveRequest.ts';
import type { ResolveResponse as _nemcon_v1_ResolveResponse, ResolveResponse__Output as _nemcon_v1_ResolveResponse__Output } from '../../nemcon/v1/ResolveResponse.ts';

export interface OperatorClient extends grpc.Client {
  Forget(argument: _nemcon_v1_ForgetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  Forget(argument: _nemcon_v1_ForgetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  Forget(argument: _nemcon_v1_ForgetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  Forget(argument: _nemcon_v1_ForgetRequest, callback: grpc.requestCallback<_nemcon_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  forget(argument: _nemcon_v1_ForgetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  forget(argument: _nemcon_v1_ForgetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  forget(argument: _nemcon_v1_ForgetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  forget(argument: _nemcon_v1_ForgetRequest, callback: grpc.requestCallback<_nemcon_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  
  ListInDoubt(argument: _nemcon_v1_ListInDoubtRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  ListInDoubt(argument: _nemcon_v1_ListInDoubtRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  ListInDoubt(argument: _nemcon_v1_ListInDoubtRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  ListInDoubt(argument: _nemcon_v1_ListInDoubtRequest, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  listInDoubt(argument: _nemcon_v1_ListInDoubtRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  listInDoubt(argument: _nemcon_v1_ListInDoubtRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  listInDoubt(argument: _nemcon_v1_ListInDoubtRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  listInDoubt(argument: _nemcon_v1_ListInDoubtRequest, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  
  Resolve(argument: _nemcon_v1_ResolveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  Resolve(argument: _nemcon_v1_ResolveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  Resolve(argument: _nemcon_v1_ResolveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  Resolve(argument: _nemcon_v1_ResolveRequest, callback: grpc.requestCallback<_nemcon_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  resolve(argument: _nemcon_v1_ResolveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  resolve(argument: _nemcon_v1_ResolveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  resolve(argument: _nemcon_v1_ResolveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  resolve(argument: _nemcon_v1_ResolveRequest, callback: grpc.requestCallback<_nemcon_v1_ResolveResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface OperatorHandlers extends grpc.UntypedServiceImplementation {
  Forget: grpc.handleUnaryCall<_nemcon_v1_ForgetRequest__Output, _nemcon_v1_ForgetResponse>;
  
  ListInDoubt: grpc.handleUnaryCall<_nemcon_v1_ListInDoubtRequest__Output, _nemcon_v1_ListInDoubtResponse>;
  
  Resolve: grpc.handleUnaryCall<_nemcon_v1_ResolveRequest__Output, _nemcon_v1_ResolveResponse>;
  
}

export interface OperatorDefinition extends grpc.ServiceDefinition {
  Forget: MethodDefinition<_nemcon_v1_ForgetRequest, _nemcon_v1_ForgetResponse, _nemcon_v1_ForgetRequest__Output, _nemcon_v1_ForgetResponse__Output>
  ListInDoubt: MethodDefinition<_nemcon_v1_ListInDoubtRequest, _nemcon_v1_ListInDoubtResponse, _nemcon_v1_ListInDoubtRequest__Output, _nemcon_v1_ListInDoubtResponse__Output>
  Resolve: MethodDefinition<_nemcon_v1_ResolveRequest, _nemcon_v1_ResolveResponse, _nemcon_v1_ResolveRequest__Output, _nemcon_v1_ResolveResponse__Output>
}
