----------------------- MODULE ThreePhaseQuorumOfOne -----------------------
(* Planted error: any one site is a quorum. That is what the books' version  *)
(* does when it takes all other sites for dead: the coordinator commits, and *)
(* a participant that did not hear PRECOMMIT aborts.                         *)
EXTENDS ThreePhaseQuorum

AnyOne == {{s} : s \in Voter}
=============================================================================
