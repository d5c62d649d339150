// Original file: proto/nemcon/v1/peer.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { LinkRequest as _nemcon_v1_LinkRequest, LinkRequest__Output as _nemcon_v1_LinkRequest__Output } from '../../nemcon/v1/LinkRequest.ts';
import type { LinkResponse as _nemcon_v1_LinkResponse, LinkResponse__Output as _nemcon_v1_LinkResponse__Output } from '../../nemcon/v1/LinkResponse.ts';

export interface PeerClient extends grpc.Client {
  Link(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_nemcon_v1_LinkRequest, _nemcon_v1_LinkResponse__Output>;
  Link(options?: grpc.CallOptions): grpc.ClientDuplexStream<_nemcon_v1_LinkRequest, _nemcon_v1_LinkResponse__Output>;
  link(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_nemcon_v1_LinkRequest, _nemcon_v1_LinkResponse__Output>;
  link(options?: grpc.CallOptions): grpc.ClientDuplexStream<_nemcon_v1_LinkRequest, _nemcon_v1_LinkResponse__Output>;
  
}

export interface PeerHandlers extends grpc.UntypedServiceImplementation {
  Link: grpc.handleBidiStreamingCall<_nemcon_v1_LinkRequest__Output, _nemcon_v1_LinkResponse>;
  
}

export interface PeerDefinition extends grpc.ServiceDefinition {
  Link: MethodDefinition<_nemcon_v1_LinkRequest, _nemcon_v1_LinkResponse, _nemcon_v1_LinkRequest__Output, _nemcon_v1_LinkResponse__Output>
}
