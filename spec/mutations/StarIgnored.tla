---------------------------- MODULE StarIgnored ----------------------------
(* Planted error: where a leader looks up what was accepted for a branch it  *)
(* forgets that STAR was accepted for every branch, and takes an older vote  *)
(* for the latest word.                                                      *)
EXTENDS PaxosCommitRecovery

CastOnly(told, r) == told.casts[r]
=============================================================================
