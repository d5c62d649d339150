// Original file: proto/nemcon/v1/coordinator.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AbortRequest as _nemcon_v1_AbortRequest, AbortRequest__Output as _nemcon_v1_AbortRequest__Output } from '../../nemcon/v1/AbortRequest.ts';
import type { AbortResponse as _nemcon_v1_AbortResponse, AbortResponse__Output as _nemcon_v1_AbortResponse__Output } from '../../nemcon/v1/AbortResponse.ts';
import type { BeginRequest as _nemcon_v1_BeginRequest, BeginRequest__Output as _nemcon_v1_BeginRequest__Output } from '../../nemcon/v1/BeginRequest.ts';
import type { BeginResponse as _nemcon_v1_BeginResponse, BeginResponse__Output as _nemcon_v1_BeginResponse__Output } from '../../nemcon/v1/BeginResponse.ts';
import type { CommitRequest as _nemcon_v1_CommitRequest, CommitRequest__Output as _nemcon_v1_CommitRequest__Output } from '../../nemcon/v1/CommitRequest.ts';
import type { CommitResponse as _nemcon_v1_CommitResponse, CommitResponse__Output as _nemcon_v1_CommitResponse__Output } from '../../nemcon/v1/CommitResponse.ts';
import type { GetTransactionRequest as _nemcon_v1_GetTransactionRequest, GetTransactionRequest__Output as _nemcon_v1_GetTransactionRequest__Output } from '../../nemcon/v1/GetTransactionRequest.ts';
import type { GetTransactionResponse as _nemcon_v1_GetTransactionResponse, GetTransactionResponse__Output as _nemcon_v1_GetTransactionResponse__Output } from '../../nemcon/v1/GetTransactionResponse.ts';
import type { ListTransactionsRequest as _nemcon_v1_ListTransactionsRequest, ListTransactionsRequest__Output as _nemcon_v1_ListTransactionsRequest__Output } from '../../nemcon/v1/ListTransactionsRequest.ts';
import type { ListTransactionsResponse as _nemcon_v1_ListTransactionsResponse, ListTransactionsResponse__Output as _nemcon_v1_ListTransactionsResponse__Output } from '../../nemcon/v1/ListTransactionsResponse.ts';
import type { SubmitRequest as _nemcon_v1_SubmitRequest, SubmitRequest__Output as _nemcon_v1_SubmitRequest__Output } from '../../nemcon/v1/SubmitRequest.ts';
import type { SubmitResponse as _nemcon_v1_SubmitResponse, SubmitResponse__Output as _nemcon_v1_SubmitResponse__Output } from '../../nemcon/v1/SubmitResponse.ts';
import type { SubmitStreamRequest as _nemcon_v1_SubmitStreamRequest, SubmitStreamRequest__Output as _nemcon_v1_SubmitStreamRequest__Output } from '../../nemcon/v1/SubmitStreamRequest.ts';
import type { SubmitStreamResponse as _nemcon_v1_SubmitStreamResponse, SubmitStreamResponse__Output as _nemcon_v1_SubmitStreamResponse__Output } from '../../nemcon/v1/SubmitStreamResponse.ts';
import type { WatchTransactionsRequest as _nemcon_v1_WatchTransactionsRequest, WatchTransactionsRequest__Output as _nemcon_v1_WatchTransactionsRequest__Output } from '../../nemcon/v1/WatchTransactionsRequest.ts';
import type { WatchTransactionsResponse as _nemcon_v1_WatchTransactionsResponse, WatchTransactionsResponse__Output as _nemcon_v1_WatchTransactionsResponse__Output } from '../../nemcon/v1/WatchTransactionsResponse.ts';

export interface CoordinatorClient extends grpc.Client {
  Abort(argument: _nemcon_v1_AbortRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_AbortResponse__Output>): grpc.ClientUnaryCall;
  Abort(argument: _nemcon_v1_AbortRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_AbortResponse__Output>): grpc.ClientUnaryCall;
  Abort(argument: _nemcon_v1_AbortRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_AbortResponse__Output>): grpc.ClientUnaryCall;
  Abort(argument: _nemcon_v1_AbortRequest, callback: grpc.requestCallback<_nemcon_v1_AbortResponse__Output>): grpc.ClientUnaryCall;
  abort(argument: _nemcon_v1_AbortRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_AbortResponse__Output>): grpc.ClientUnaryCall;
  abort(argument: _nemcon_v1_AbortRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_AbortResponse__Output>): grpc.ClientUnaryCall;
  abort(argument: _nemcon_v1_AbortRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_AbortResponse__Output>): grpc.ClientUnaryCall;
  abort(argument: _nemcon_v1_AbortRequest, callback: grpc.requestCallback<_nemcon_v1_AbortResponse__Output>): grpc.ClientUnaryCall;
  
  Begin(argument: _nemcon_v1_BeginRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_BeginResponse__Output>): grpc.ClientUnaryCall;
  Begin(argument: _nemcon_v1_BeginRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_BeginResponse__Output>): grpc.ClientUnaryCall;
  Begin(argument: _nemcon_v1_BeginRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_BeginResponse__Output>): grpc.ClientUnaryCall;
  Begin(argument: _nemcon_v1_BeginRequest, callback: grpc.requestCallback<_nemcon_v1_BeginResponse__Output>): grpc.ClientUnaryCall;
  begin(argument: _nemcon_v1_BeginRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_BeginResponse__Output>): grpc.ClientUnaryCall;
  begin(argument: _nemcon_v1_BeginRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_BeginResponse__Output>): grpc.ClientUnaryCall;
  begin(argument: _nemcon_v1_BeginRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_BeginResponse__Output>): grpc.ClientUnaryCall;
  begin(argument: _nemcon_v1_BeginRequest, callback: grpc.requestCallback<_nemcon_v1_BeginResponse__Output>): grpc.ClientUnaryCall;
  
  Commit(argument: _nemcon_v1_CommitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_CommitResponse__Output>): grpc.ClientUnaryCall;
  Commit(argument: _nemcon_v1_CommitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_CommitResponse__Output>): grpc.ClientUnaryCall;
  Commit(argument: _nemcon_v1_CommitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_CommitResponse__Output>): grpc.ClientUnaryCall;
  Commit(argument: _nemcon_v1_CommitRequest, callback: grpc.requestCallback<_nemcon_v1_CommitResponse__Output>): grpc.ClientUnaryCall;
  commit(argument: _nemcon_v1_CommitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_CommitResponse__Output>): grpc.ClientUnaryCall;
  commit(argument: _nemcon_v1_CommitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_CommitResponse__Output>): grpc.ClientUnaryCall;
  commit(argument: _nemcon_v1_CommitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_CommitResponse__Output>): grpc.ClientUnaryCall;
  commit(argument: _nemcon_v1_CommitRequest, callback: grpc.requestCallback<_nemcon_v1_CommitResponse__Output>): grpc.ClientUnaryCall;
  
  GetTransaction(argument: _nemcon_v1_GetTransactionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_GetTransactionResponse__Output>): grpc.ClientUnaryCall;
  GetTransaction(argument: _nemcon_v1_GetTransactionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_GetTransactionResponse__Output>): grpc.ClientUnaryCall;
  GetTransaction(argument: _nemcon_v1_GetTransactionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_GetTransactionResponse__Output>): grpc.ClientUnaryCall;
  GetTransaction(argument: _nemcon_v1_GetTransactionRequest, callback: grpc.requestCallback<_nemcon_v1_GetTransactionResponse__Output>): grpc.ClientUnaryCall;
  getTransaction(argument: _nemcon_v1_GetTransactionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_GetTransactionResponse__Output>): grpc.ClientUnaryCall;
  getTransaction(argument: _nemcon_v1_GetTransactionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_GetTransactionResponse__Output>): grpc.ClientUnaryCall;
  getTransaction(argument: _nemcon_v1_GetTransactionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_GetTransactionResponse__Output>): grpc.ClientUnaryCall;
  getTransaction(argument: _nemcon_v1_GetTransactionRequest, callback: grpc.requestCallback<_nemcon_v1_GetTransactionResponse__Output>): grpc.ClientUnaryCall;
  
  ListTransactions(argument: _nemcon_v1_ListTransactionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListTransactionsResponse__Output>): grpc.ClientUnaryCall;
  ListTransactions(argument: _nemcon_v1_ListTransactionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ListTransactionsResponse__Output>): grpc.ClientUnaryCall;
  ListTransactions(argument: _nemcon_v1_ListTransactionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListTransactionsResponse__Output>): grpc.ClientUnaryCall;
  ListTransactions(argument: _nemcon_v1_ListTransactionsRequest, callback: grpc.requestCallback<_nemcon_v1_ListTransactionsResponse__Output>): grpc.ClientUnaryCall;
  listTransactions(argument: _nemcon_v1_ListTransactionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListTransactionsResponse__Output>): grpc.ClientUnaryCall;
  listTransactions(argument: _nemcon_v1_ListTransactionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_ListTransactionsResponse__Output>): grpc.ClientUnaryCall;
  listTransactions(argument: _nemcon_v1_ListTransactionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_ListTransactionsResponse__Output>): grpc.ClientUnaryCall;
  listTransactions(argument: _nemcon_v1_ListTransactionsRequest, callback: grpc.requestCallback<_nemcon_v1_ListTransactionsResponse__Output>): grpc.ClientUnaryCall;
  
  Submit(argument: _nemcon_v1_SubmitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  Submit(argument: _nemcon_v1_SubmitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  Submit(argument: _nemcon_v1_SubmitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  Submit(argument: _nemcon_v1_SubmitRequest, callback: grpc.requestCallback<_nemcon_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  submit(argument: _nemcon_v1_SubmitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  submit(argument: _nemcon_v1_SubmitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nemcon_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  submit(argument: _nemcon_v1_SubmitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nemcon_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  submit(argument: _nemcon_v1_SubmitRequest, callback: grpc.requestCallback<_nemcon_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  
  SubmitStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_nemcon_v1_SubmitStreamRequest, _nemcon_v1_SubmitStreamResponse__Output>;
  SubmitStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_nemcon_v1_SubmitStreamRequest, _nemcon_v1_SubmitStreamResponse__Output>;
  submitStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_nemcon_v1_SubmitStreamRequest, _nemcon_v1_SubmitStreamResponse__Output>;
  submitStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_nemcon_v1_SubmitStreamRequest, _nemcon_v1_SubmitStreamResponse__Output>;
  
  WatchTransactions(argument: _nemcon_v1_WatchTransactionsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_nemcon_v1_WatchTransactionsResponse__Output>;
  WatchTransactions(argument: _nemcon_v1_WatchTransactionsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_nemcon_v1_WatchTransactionsResponse__Output>;
  watchTransactions(argument: _nemcon_v1_WatchTransactionsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_nemcon_v1_WatchTransactionsResponse__Output>;
  watchTransactions(argument: _nemcon_v1_WatchTransactionsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_nemcon_v1_WatchTransactionsResponse__Output>;
  
}

export interface CoordinatorHandlers extends grpc.UntypedServiceImplementation {
  Abort: grpc.handleUnaryCall<_nemcon_v1_AbortRequest__Output, _nemcon_v1_AbortResponse>;
  
  Begin: grpc.handleUnaryCall<_nemcon_v1_BeginRequest__Output, _nemcon_v1_BeginResponse>;
  
  Commit: grpc.handleUnaryCall<_nemcon_v1_CommitRequest__Output, _nemcon_v1_CommitResponse>;
  
  GetTransaction: grpc.handleUnaryCall<_nemcon_v1_GetTransactionRequest__Output, _nemcon_v1_GetTransactionResponse>;
  
  ListTransactions: grpc.handleUnaryCall<_nemcon_v1_ListTransactionsRequest__Output, _nemcon_v1_ListTransactionsResponse>;
  
  Submit: grpc.handleUnaryCall<_nemcon_v1_SubmitRequest__Output, _nemcon_v1_SubmitResponse>;
  
  SubmitStream: grpc.handleBidiStreamingCall<_nemcon_v1_SubmitStreamRequest__Output, _nemcon_v1_SubmitStreamResponse>;
  
  WatchTransactions: grpc.handleServerStreamingCall<_nemcon_v1_WatchTransactionsRequest__Output, _nemcon_v1_WatchTransactionsResponse>;
  
}

export interface CoordinatorDefinition extends grpc.ServiceDefinition {
  Abort: MethodDefinition<_nemcon_v1_AbortRequest, _nemcon_v1_AbortResponse, _nemcon_v1_AbortRequest__Output, _nemcon_v1_AbortResponse__Output>
  Begin: MethodDefinition<_nemcon_v1_BeginRequest, _nemcon_v1_BeginResponse, _nemcon_v1_BeginRequest__Output, _nemcon_v1_BeginResponse__Output>
  Commit: MethodDefinition<_nemcon_v1_CommitRequest, _nemcon_v1_CommitResponse, _nemcon_v1_CommitRequest__Output, _nemcon_v1_CommitResponse__Output>
  GetTransaction: MethodDefinition<_nemcon_v1_GetTransactionRequest, _nemcon_v1_GetTransactionResponse, _nemcon_v1_GetTransactionRequest__Output, _nemcon_v1_GetTransactionResponse__Output>
  ListTransactions: MethodDefinition<_nemcon_v1_ListTransactionsRequest, _nemcon_v1_ListTransactionsResponse, _nemcon_v1_ListTransactionsRequest__Output, _nemcon_v1_ListTransactionsResponse__Output>
  Submit: MethodDefinition<_nemcon_v1_SubmitRequest, _nemcon_v1_SubmitResponse, _nemcon_v1_SubmitRequest__Output, _nemcon_v1_SubmitResponse__Output>
  SubmitStream: MethodDefinition<_nemcon_v1_SubmitStreamRequest, _nemcon_v1_SubmitStreamResponse, _nemcon_v1_SubmitStreamRequest__Output, _nemcon_v1_SubmitStreamResponse__Output>
  WatchTransactions: MethodDefinition<_nemcon_v1_WatchTransactionsRequest, _nemcon_v1_WatchTransactionsResponse, _nemcon_v1_WatchTransactionsRequest__Output, _nemcon_v1_WatchTransactionsResponse__Output>
}
