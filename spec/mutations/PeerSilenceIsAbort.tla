------------------------ MODULE PeerSilenceIsAbort ------------------------
(* Planted error: a peer that knows nothing of the transaction says ABORT.   *)
(* It has committed, acknowledged and forgotten. Only the coordinator's log  *)
(* carries a presumption.                                                    *)
EXTENDS TwoPhaseLogs

Rash(phase) ==
  CASE phase = "committed"                     -> "commit"
    [] phase \in {"aborted", "active", "none"} -> "abort"
    [] OTHER                                   -> "unknown"
=============================================================================
