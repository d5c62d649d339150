---------------------- MODULE TombstoneForPhase1Only ----------------------
(* Planted error: a tombstone answers phase 1 and lets phase 2 through, of   *)
(* which a branch's vote is the first. The transaction was aborted by a      *)
(* leader, and is over; then a vote arrives that was long under way, and no  *)
(* promise is left that would refuse it.                                     *)
EXTENDS PaxosCommitRecovery

Phase1Only(a, kind) == memory[a].closed = "open" \/ kind # "1a"
=============================================================================
