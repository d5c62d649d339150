-------------------------- MODULE PaxosQuorumOfOne -------------------------
(* Planted error: one acceptor of three is called a quorum. Then two quorums   *)
(* need not meet: a leader that asks one acceptor does not learn what another  *)
(* one has accepted, finds the instance free, and gets "aborted" chosen after  *)
(* "prepared" was.                                                             *)
EXTENDS PaxosCommit

AnyOne == {{a} : a \in Acceptor}
=============================================================================
