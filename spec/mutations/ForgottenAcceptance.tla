------------------------ MODULE ForgottenAcceptance ------------------------
(* Planted error: on CLOSE an acceptor deletes what it holds and keeps no    *)
(* tombstone. A leader that begins a ballot late, of a transaction that has  *)
(* committed everywhere, hears that nothing was accepted, and has it         *)
(* aborted.                                                                  *)
EXTENDS PaxosCommitRecovery

Gone(d) == Fresh
=============================================================================
