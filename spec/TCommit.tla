------------------------------ MODULE TCommit ------------------------------
(***************************************************************************)
(* Transaction commit: WHAT a commit protocol has to do, and not how.      *)
(* After Gray and Lamport, "Consensus on Transaction Commit" (2006), §2.   *)
(*                                                                         *)
(* A transaction was worked on by several resource managers (RMs), such as *)
(* databases. At the end all of them have to keep its changes, or all of   *)
(* them have to undo them. This module sees the RMs from above: each step  *)
(* moves one RM, and its condition may look at all of them. No real system *)
(* can do that, since an RM sees only itself and the messages that reach   *)
(* it. A protocol is right if what its RMs do, seen from above, is always  *)
(* a step of this module: it REFINES TCommit. The other modules of this    *)
(* folder say so as a property, `Refinement`, which TLC checks.            *)
(***************************************************************************)

CONSTANT RM        \* the resource managers that worked for the transaction

VARIABLE rm        \* rm[r]: how far r is

(***************************************************************************)
(*   working --> prepared --> committed                                    *)
(*      |           |                                                      *)
(*      +-----------+-------> aborted                                      *)
(*                                                                         *)
(* A prepared RM has promised that it can do either, whatever happens to   *)
(* it. Until it hears what was decided it may do neither on its own.       *)
(***************************************************************************)
State == {"working", "prepared", "committed", "aborted"}

TypeOK == rm \in [RM -> State]

Init == rm = [r \in RM |-> "working"]

Prepare(r) ==
  /\ rm[r] = "working"
  /\ rm' = [rm EXCEPT ![r] = "prepared"]

(* The rule that protocols are about: everybody has promised.              *)
EverybodyPrepared == \A r \in RM : rm[r] \in {"prepared", "committed"}

Commit(r) ==
  /\ rm[r] = "prepared"
  /\ EverybodyPrepared
  /\ rm' = [rm EXCEPT ![r] = "committed"]

NobodyCommitted == \A r \in RM : rm[r] # "committed"

(* A working RM may abort whenever it likes: then nobody ever commits,     *)
(* because not everybody will have prepared.                               *)
Abort(r) ==
  /\ rm[r] \in {"working", "prepared"}
  /\ NobodyCommitted
  /\ rm' = [rm EXCEPT ![r] = "aborted"]

Next == \E r \in RM : Prepare(r) \/ Commit(r) \/ Abort(r)

(* [Next]_rm also allows steps that leave rm alone. In a protocol those    *)
(* are the steps of everybody else: messages, logs, crashes.               *)
Spec == Init /\ [][Next]_rm

(* What users want, and what follows from the rules above. "Uniform": it   *)
(* holds of RMs that have crashed since, too.                              *)
Agreement == ~ \E r, s \in RM : rm[r] = "committed" /\ rm[s] = "aborted"
=============================================================================
