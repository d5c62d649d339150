-------------------------- MODULE CollectedTwice --------------------------
(* Planted error, under any presumption: a client asks again for a commit    *)
(* that was forgotten, and the coordinator collects votes once more. An      *)
(* ABORT of the first time is still under way. It needs no crash, though     *)
(* the shortest way has one.                                                 *)
EXTENDS TwoPhaseLogs

Whenever == c.phase \in {"init", "none"}
=============================================================================
