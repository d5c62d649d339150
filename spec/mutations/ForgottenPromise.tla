------------------------- MODULE ForgottenPromise -------------------------
(* Planted error: an acceptor promises a ballot before the promise is        *)
(* durable. A crash takes it, and the acceptor then accepts a vote that it   *)
(* has told a leader it will never accept.                                   *)
EXTENDS PaxosCommitRecovery

Later(record) == record # "promise"
=============================================================================
