// Original file: proto/nemcon/v1/operator.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ForgetRequest as _nemcon_v1_ForgetRequest, ForgetRequest__Output as _nemcon_v1_ForgetRequest__Output } from '../../nemcon/v1/ForgetRequest.ts';
import type { ForgetResponse as _nemcon_v1_ForgetResponse, ForgetResponse__Output as _nemcon_v1_ForgetResponse__Output } from '../../nemcon/v1/ForgetResponse.ts';
import type { ListAcceptorsRequest as _nemcon_v1_ListAcceptorsRequest, ListAcceptorsRequest__Output as _nemcon_v1_ListAcceptorsRequest__Output } from '../../nemcon/v1/ListAcceptorsRequest.ts';
import type { ListAcceptorsResponse as _nemcon_v1_ListAcceptorsResponse, ListAcceptorsResponse__Output as _nemcon_v1_ListAcceptorsResponse__Output } from '../../nemcon/v1/ListAcceptorsResponse.ts';
import type { ListInDoubtRequest as _nemcon_v1_ListInDoubtRequest, ListInDoubtRequest__Output as _nemcon_v1_ListInDoubtRequest__Output } from '../../nemcon/v1/ListInDoubtRequest.ts';
import type { ListInDoubtResponse as _nemcon_v1_ListInDoubtResponse, ListInDoubtResponse__Output as _nemcon_v1_ListInDoubtResponse__Output } from '../../nemcon/v1/ListInDoubtResponse.ts';
import type { ReconfigureRequest as _nemcon_v1_ReconfigureRequest, ReconfigureRequest__Output as _nemcon_v1_ReconfigureRequest__Output } from '../../nemcon/v1/ReconfigureRequest.ts';
import type { ReconfigureResponse as _nemcon_v1_ReconfigureResponse, ReconfigureResponse__Output as _nemcon_v1_ReconfigureResponse__Output } from '../../nemcon/v1/ReconfigureResponse.ts';
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
  
  ListAcceptors(argument: _nemcon_v1_ListAcceptorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListAcceptorsResponse__Output>): grpc.ClientUnaryCall;
  ListAcceptors(argument: _nemcon_v1_ListAcceptorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ListAcceptorsResponse__Output>): grpc.ClientUnaryCall;
  ListAcceptors(argument: _nemcon_v1_ListAcceptorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListAcceptorsResponse__Output>): grpc.ClientUnaryCall;
  ListAcceptors(argument: _nemcon_v1_ListAcceptorsRequest, callback: grpc.requestCallback<_nemcon_v1_ListAcceptorsResponse__Output>): grpc.ClientUnaryCall;
  listAcceptors(argument: _nemcon_v1_ListAcceptorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListAcceptorsResponse__Output>): grpc.ClientUnaryCall;
  listAcceptors(argument: _nemcon_v1_ListAcceptorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ListAcceptorsResponse__Output>): grpc.ClientUnaryCall;
  listAcceptors(argument: _nemcon_v1_ListAcceptorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListAcceptorsResponse__Output>): grpc.ClientUnaryCall;
  listAcceptors(argument: _nemcon_v1_ListAcceptorsRequest, callback: grpc.requestCallback<_nemcon_v1_ListAcceptorsResponse__Output>): grpc.ClientUnaryCall;
  
  ListInDoubt(argument: _nemcon_v1_ListInDoubtRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  ListInDoubt(argument: _nemcon_v1_ListInDoubtRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  ListInDoubt(argument: _nemcon_v1_ListInDoubtRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  ListInDoubt(argument: _nemcon_v1_ListInDoubtRequest, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  listInDoubt(argument: _nemcon_v1_ListInDoubtRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  listInDoubt(argument: _nemcon_v1_ListInDoubtRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  listInDoubt(argument: _nemcon_v1_ListInDoubtRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  listInDoubt(argument: _nemcon_v1_ListInDoubtRequest, callback: grpc.requestCallback<_nemcon_v1_ListInDoubtResponse__Output>): grpc.ClientUnaryCall;
  
  Reconfigure(argument: _nemcon_v1_ReconfigureRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ReconfigureResponse__Output>): grpc.ClientUnaryCall;
  Reconfigure(argument: _nemcon_v1_ReconfigureRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ReconfigureResponse__Output>): grpc.ClientUnaryCall;
  Reconfigure(argument: _nemcon_v1_ReconfigureRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ReconfigureResponse__Output>): grpc.ClientUnaryCall;
  Reconfigure(argument: _nemcon_v1_ReconfigureRequest, callback: grpc.requestCallback<_nemcon_v1_ReconfigureResponse__Output>): grpc.ClientUnaryCall;
  reconfigure(argument: _nemcon_v1_ReconfigureRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ReconfigureResponse__Output>): grpc.ClientUnaryCall;
  reconfigure(argument: _nemcon_v1_ReconfigureRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ReconfigureResponse__Output>): grpc.ClientUnaryCall;
  reconfigure(argument: _nemcon_v1_ReconfigureRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ReconfigureResponse__Output>): grpc.ClientUnaryCall;
  reconfigure(argument: _nemcon_v1_ReconfigureRequest, callback: grpc.requestCallback<_nemcon_v1_ReconfigureResponse__Output>): grpc.ClientUnaryCall;
  
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
  
  ListAcceptors: grpc.handleUnaryCall<_nemcon_v1_ListAcceptorsRequest__Output, _nemcon_v1_ListAcceptorsResponse>;
  
  ListInDoubt: grpc.handleUnaryCall<_nemcon_v1_ListInDoubtRequest__Output, _nemcon_v1_ListInDoubtResponse>;
  
  Reconfigure: grpc.handleUnaryCall<_nemcon_v1_ReconfigureRequest__Output, _nemcon_v1_ReconfigureResponse>;
  
  Resolve: grpc.handleUnaryCall<_nemcon_v1_ResolveRequest__Output, _nemcon_v1_ResolveResponse>;
  
}

export interface OperatorDefinition extends grpc.ServiceDefinition {
  Forget: MethodDefinition<_nemcon_v1_ForgetRequest, _nemcon_v1_ForgetResponse, _nemcon_v1_ForgetRequest__Output, _nemcon_v1_ForgetResponse__Output>
  ListAcceptors: MethodDefinition<_nemcon_v1_ListAcceptorsRequest, _nemcon_v1_ListAcceptorsResponse, _nemcon_v1_ListAcceptorsRequest__Output, _nemcon_v1_ListAcceptorsResponse__Output>
  ListInDoubt: MethodDefinition<_nemcon_v1_ListInDoubtRequest, _nemcon_v1_ListInDoubtResponse, _nemcon_v1_ListInDoubtRequest__Output, _nemcon_v1_ListInDoubtResponse__Output>
  Reconfigure: MethodDefinition<_nemcon_v1_ReconfigureRequest, _nemcon_v1_ReconfigureResponse, _nemcon_v1_ReconfigureRequest__Output, _nemcon_v1_ReconfigureResponse__Output>
  Resolve: MethodDefinition<_nemcon_v1_ResolveRequest, _nemcon_v1_ResolveResponse, _nemcon_v1_ResolveRequest__Output, _nemcon_v1_ResolveResponse__Output>
}
