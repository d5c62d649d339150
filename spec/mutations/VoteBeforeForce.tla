-------------------------- MODULE VoteBeforeForce --------------------------
(* Planted error: YES leaves before what it promises is durable. After a     *)
(* crash the participant knows nothing of its promise, its work is lost, and *)
(* the coordinator commits.                                                  *)
EXTENDS TwoPhaseLogs

Later == FALSE
=============================================================================
