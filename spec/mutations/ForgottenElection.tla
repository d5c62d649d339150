------------------------- MODULE ForgottenElection -------------------------
(* Planted error: a site tells its state before its promise to follow that   *)
(* election is durable. A crash takes the promise, and it follows an earlier *)
(* attempt that the leader has counted out.                                  *)
EXTENDS ThreePhaseQuorum

Later(s, record) == record # "elected"
=============================================================================
