------------------------- MODULE PrecommitUnforced -------------------------
(* Planted error: PRECOMMIT leaves before the coordinator's record of it is  *)
(* durable. The participants commit; the coordinator has crashed, and its    *)
(* silence is taken for an abort.                                            *)
EXTENDS ThreePhaseQuorum

Later(s, record) == ~ (s = Coordinator /\ record = "precommit")
=============================================================================
