-------------------------- MODULE AmnesiacBranch --------------------------
(* Planted error: a branch votes "prepared" without a record of it. After a  *)
(* crash it begins anew and votes "aborted", in the same ballot. That an     *)
(* acceptor refuses the second value does not help: another one may hear it  *)
(* first.                                                                    *)
EXTENDS PaxosCommitRecovery

Anew(state) == IF state = "prepared" THEN "working" ELSE state
=============================================================================
