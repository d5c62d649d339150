------------------------- MODULE ForgottenTooEarly -------------------------
(* Planted error: a site forgets the outcome before all have acknowledged    *)
(* it. When that is the coordinator, its silence says "aborted" of a         *)
(* transaction that it has committed.                                        *)
EXTENDS ThreePhaseQuorum

AnyTime == TRUE
=============================================================================
