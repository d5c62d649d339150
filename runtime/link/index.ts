/** The door: links between nodes, gRPC servers, the services' types, errors on the wire. */

export { Links, type PeerStatus } from "./links.ts";
export { defaultKeepalive, linkMessageBytes } from "./options.ts";
export type { Keepalive, LinkEvents, LinkLog, LinkOptions, LinkTuning, Peer, Refused } from "./options.ts";
export { judge, type Admission, type Identity, type Refusal as LinkRefusal } from "./handshake.ts";
export type { Call, CallMethod, Return, RosterMember, SideItem, Watermark } from "./items.ts";
export { decodeFrame, encodeEnvelopes } from "./codec.ts";
export { describePortHolder } from "./port-holder.ts";
export { backoffMs, type Backoff } from "./backoff.ts";
export { channelCredentials, hostOf, isLoopback, serverCredentials } from "./security.ts";
export { errorOfServer, fromServiceError, toServiceError, type StatusToSend, type WireError } from "./status.ts";
export { CoordinatorStub, OperatorStub, ParticipantStub, protoFolder, services } from "./proto.ts";
export { serve, type RunningServer, type ServedService, type ServeOptions } from "./server.ts";
export {
  checkOperations,
  operationsFromProto,
  operationToProto,
  resultFromProto,
  resultToProto,
  sqlFromProto,
  valueFromProto,
  valueToProto,
} from "./convert.ts";
export type { CoordinatorHandlers } from "./gen/nemcon/v1/Coordinator.ts";
export type { ExecuteRequest__Output as ExecuteMessage } from "./gen/nemcon/v1/ExecuteRequest.ts";
export type { ExecuteResponse__Output as ExecuteAnswer } from "./gen/nemcon/v1/ExecuteResponse.ts";
export type { ListBranchesResponse as ListBranchesAnswer } from "./gen/nemcon/v1/ListBranchesResponse.ts";
export type { QueryRequest__Output as QueryMessage } from "./gen/nemcon/v1/QueryRequest.ts";
export type { QueryResponse as QueryAnswer } from "./gen/nemcon/v1/QueryResponse.ts";
export type { OperatorHandlers } from "./gen/nemcon/v1/Operator.ts";
export type { InDoubt as InDoubtMessage, InDoubt__Output as InDoubtMessageRead } from "./gen/nemcon/v1/InDoubt.ts";
export type { ListInDoubtResponse__Output as ListInDoubtAnswerRead } from "./gen/nemcon/v1/ListInDoubtResponse.ts";
export type { ResolveRequest__Output as ResolveMessage } from "./gen/nemcon/v1/ResolveRequest.ts";
export type { ForgetResponse as ForgetAnswer } from "./gen/nemcon/v1/ForgetResponse.ts";
export type { ForgetRequest__Output as ForgetMessage } from "./gen/nemcon/v1/ForgetRequest.ts";
export type { AcceptorGroup as AcceptorGroupMessage } from "./gen/nemcon/v1/AcceptorGroup.ts";
export type { AcceptorGroup__Output as AcceptorGroupMessageRead } from "./gen/nemcon/v1/AcceptorGroup.ts";
export type { ListAcceptorsResponse__Output as ListAcceptorsAnswerRead } from "./gen/nemcon/v1/ListAcceptorsResponse.ts";
export type { ReconfigureRequest__Output as ReconfigureMessage } from "./gen/nemcon/v1/ReconfigureRequest.ts";
export type { ReconfigureResponse__Output as ReconfigureAnswerRead } from "./gen/nemcon/v1/ReconfigureResponse.ts";
export type { ParticipantHandlers } from "./gen/nemcon/v1/Participant.ts";
export type { Branch__Output as BranchMessage } from "./gen/nemcon/v1/Branch.ts";
export type { BranchResult as BranchResultMessage } from "./gen/nemcon/v1/BranchResult.ts";
export type { BranchStatus as BranchStatusMessage } from "./gen/nemcon/v1/BranchStatus.ts";
export type { Outcome as OutcomeMessage, Outcome__Output as OutcomeMessageRead } from "./gen/nemcon/v1/Outcome.ts";
export type { SubmitRequest__Output as SubmitMessage } from "./gen/nemcon/v1/SubmitRequest.ts";
export type { SubmitStreamResponse as SubmitStreamAnswer } from "./gen/nemcon/v1/SubmitStreamResponse.ts";
export type { Transaction as TransactionMessage } from "./gen/nemcon/v1/Transaction.ts";
export { statusOf, unary } from "./unary.ts";
export type { SubmitStreamRequest } from "./gen/nemcon/v1/SubmitStreamRequest.ts";
export type { SubmitStreamResponse__Output as SubmitStreamRead } from "./gen/nemcon/v1/SubmitStreamResponse.ts";
export type { TaggedAnswer } from "./gen/nemcon/v1/TaggedAnswer.ts";
export type { TaggedAnswer__Output as TaggedAnswerRead } from "./gen/nemcon/v1/TaggedAnswer.ts";
export type { TaggedSubmit } from "./gen/nemcon/v1/TaggedSubmit.ts";
export type { Transaction__Output as TransactionMessageRead } from "./gen/nemcon/v1/Transaction.ts";
export type { BeginResponse__Output as BeginAnswer } from "./gen/nemcon/v1/BeginResponse.ts";
export type { GetTransactionResponse__Output as GetTransactionAnswer } from "./gen/nemcon/v1/GetTransactionResponse.ts";
export type { ListTransactionsResponse__Output as ListTransactionsAnswer } from "./gen/nemcon/v1/ListTransactionsResponse.ts";
export type { QueryResponse__Output as QueryAnswerRead } from "./gen/nemcon/v1/QueryResponse.ts";
export type { ListBranchesResponse__Output as ListBranchesAnswerRead } from "./gen/nemcon/v1/ListBranchesResponse.ts";
