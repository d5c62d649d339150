------------------------- MODULE FreeChoiceCommits -------------------------
(* Planted error: a leader that finds nothing accepted for a branch proposes *)
(* "prepared" for it. Only the branch itself can say that it has prepared.   *)
EXTENDS PaxosCommitRecovery

Hopeful == "prepared"
=============================================================================
