------------------------- MODULE PromisePerBranch -------------------------
(* Planted error: a promise covers only the branches that the acceptor has   *)
(* heard of. A leader finds nothing accepted and has "aborted" chosen; the   *)
(* vote of a branch that was not heard of then is accepted all the same.     *)
EXTENDS PaxosCommitRecovery

AnyTime(a, r) == TRUE
=============================================================================
