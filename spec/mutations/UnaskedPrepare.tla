-------------------------- MODULE UnaskedPrepare --------------------------
(* Planted error, presumed commit: a branch prepares and votes before it is  *)
(* asked to, when the coordinator may not have logged yet that it collects   *)
(* votes. The coordinator crashes. It knows nothing, and says COMMIT.        *)
EXTENDS TwoPhaseLogs

Always == TRUE
=============================================================================
