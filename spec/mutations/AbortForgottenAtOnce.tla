----------------------- MODULE AbortForgottenAtOnce -----------------------
(* Planted error, presumed commit: the coordinator does not wait for         *)
(* acknowledgements of an abort. It is right that a commit needs none: then  *)
(* silence says the same. But an abort that is forgotten while somebody is   *)
(* in doubt turns into a commit.                                             *)
EXTENDS TwoPhaseLogs

Never(decision) == FALSE
=============================================================================
