------------------------- MODULE CommitBeforeForce -------------------------
(* Planted error, presumed abort: COMMIT leaves, and the client is told,     *)
(* before the record is durable. A crash takes the record. From then on the  *)
(* coordinator is silent about the transaction, and whoever asks is told     *)
(* that it has aborted.                                                      *)
EXTENDS TwoPhaseLogs

Later(kind) == kind # "commit"
=============================================================================
