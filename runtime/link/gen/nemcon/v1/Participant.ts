// Original file: proto/nemcon/v1/participant.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ExecuteRequest as _nemcon_v1_ExecuteRequest, ExecuteRequest__Output as _nemcon_v1_ExecuteRequest__Output } from '../../nemcon/v1/ExecuteRequest.ts';
import type { ExecuteResponse as _nemcon_v1_ExecuteResponse, ExecuteResponse__Output as _nemcon_v1_ExecuteResponse__Output } from '../../nemcon/v1/ExecuteResponse.ts';
import type { ListBranchesRequest as _nemcon_v1_ListBranchesRequest, ListBranchesRequest__Output as _nemcon_v1_ListBranchesRequest__Output } from '../../nemcon/v1/ListBranchesRequest.ts';
import type { ListBranchesResponse as _nemcon_v1_ListBranchesResponse, ListBranchesResponse__Output as _nemcon_v1_ListBranchesResponse__Output } from '../../nemcon/v1/ListBranchesResponse.ts';
import type { QueryRequest as _nemcon_v1_QueryRequest, QueryRequest__Output as _nemcon_v1_QueryRequest__Output } from '../../nemcon/v1/QueryRequest.ts';
import type { QueryResponse as _nemcon_v1_QueryResponse, QueryResponse__Output as _nemcon_v1_QueryResponse__Output } from '../../nemcon/v1/QueryResponse.ts';

export interface ParticipantClient extends grpc.Client {
  Execute(argument: _nemcon_v1_ExecuteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ExecuteResponse__Output>): grpc.ClientUnaryCall;
  Execute(argument: _nemcon_v1_ExecuteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ExecuteResponse__Output>): grpc.ClientUnaryCall;
  Execute(argument: _nemcon_v1_ExecuteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ExecuteResponse__Output>): grpc.ClientUnaryCall;
  Execute(argument: _nemcon_v1_ExecuteRequest, callback: grpc.requestCallback<_nemcon_v1_ExecuteResponse__Output>): grpc.ClientUnaryCall;
  execute(argument: _nemcon_v1_ExecuteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ExecuteResponse__Output>): grpc.ClientUnaryCall;
  execute(argument: _nemcon_v1_ExecuteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ExecuteResponse__Output>): grpc.ClientUnaryCall;
  execute(argument: _nemcon_v1_ExecuteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ExecuteResponse__Output>): grpc.ClientUnaryCall;
  execute(argument: _nemcon_v1_ExecuteRequest, callback: grpc.requestCallback<_nemcon_v1_ExecuteResponse__Output>): grpc.ClientUnaryCall;
  
  ListBranches(argument: _nemcon_v1_ListBranchesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListBranchesResponse__Output>): grpc.ClientUnaryCall;
  ListBranches(argument: _nemcon_v1_ListBranchesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ListBranchesResponse__Output>): grpc.ClientUnaryCall;
  ListBranches(argument: _nemcon_v1_ListBranchesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListBranchesResponse__Output>): grpc.ClientUnaryCall;
  ListBranches(argument: _nemcon_v1_ListBranchesRequest, callback: grpc.requestCallback<_nemcon_v1_ListBranchesResponse__Output>): grpc.ClientUnaryCall;
  listBranches(argument: _nemcon_v1_ListBranchesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListBranchesResponse__Output>): grpc.ClientUnaryCall;
  listBranches(argument: _nemcon_v1_ListBranchesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ListBranchesResponse__Output>): grpc.ClientUnaryCall;
  listBranches(argument: _nemcon_v1_ListBranchesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListBranchesResponse__Output>): grpc.ClientUnaryCall;
  listBranches(argument: _nemcon_v1_ListBranchesRequest, callback: grpc.requestCallback<_nemcon_v1_ListBranchesResponse__Output>): grpc.ClientUnaryCall;
  
  Query(argument: _nemcon_v1_QueryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_QueryResponse__Output>): grpc.ClientUnaryCall;
  Query(argument: _nemcon_v1_QueryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_QueryResponse__Output>): grpc.ClientUnaryCall;
  Query(argument: _nemcon_v1_QueryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_QueryResponse__Output>): grpc.ClientUnaryCall;
  Query(argument: _nemcon_v1_QueryRequest, callback: grpc.requestCallback<_nemcon_v1_QueryResponse__Output>): grpc.ClientUnaryCall;
  query(argument: _nemcon_v1_QueryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_QueryResponse__Output>): grpc.ClientUnaryCall;
  query(argument: _nemcon_v1_QueryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_QueryResponse__Output>): grpc.ClientUnaryCall;
  query(argument: _nemcon_v1_QueryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_QueryResponse__Output>): grpc.ClientUnaryCall;
  query(argument: _nemcon_v1_QueryRequest, callback: grpc.requestCallback<_nemcon_v1_QueryResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface ParticipantHandlers extends grpc.UntypedServiceImplementation {
  Execute: grpc.handleUnaryCall<_nemcon_v1_ExecuteRequest__Output, _nemcon_v1_ExecuteResponse>;
  
  ListBranches: grpc.handleUnaryCall<_nemcon_v1_ListBranchesRequest__Output, _nemcon_v1_ListBranchesResponse>;
  
  Query: grpc.handleUnaryCall<_nemcon_v1_QueryRequest__Output, _nemcon_v1_QueryResponse>;
  
}

export interface ParticipantDefinition extends grpc.ServiceDefinition {
  Execute: MethodDefinition<_nemcon_v1_ExecuteRequest, _nemcon_v1_ExecuteResponse, _nemcon_v1_ExecuteRequest__Output, _nemcon_v1_ExecuteResponse__Output>
  ListBranches: MethodDefinition<_nemcon_v1_ListBranchesRequest, _nemcon_v1_ListBranchesResponse, _nemcon_v1_ListBranchesRequest__Output, _nemcon_v1_ListBranchesResponse__Output>
  Query: MethodDefinition<_nemcon_v1_QueryRequest, _nemcon_v1_QueryResponse, _nemcon_v1_QueryRequest__Output, _nemcon_v1_QueryResponse__Output>
}
