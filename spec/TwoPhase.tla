------------------------------ MODULE TwoPhase -----------------------------
(***************************************************************************)
(* Two-phase commit, bare: one transaction manager (TM) asks, everybody    *)
(* answers, the TM decides. After Gray and Lamport (2006), §3.             *)
(*                                                                         *)
(* There are no logs, no crashes and no forgetting: TwoPhaseLogs.tla has   *)
(* them. What is here is the core of the argument, in few enough states to *)
(* look at all of them by hand.                                            *)
(*                                                                         *)
(* How the network is modelled, here and in all modules of this folder:    *)
(* `sent` is the set of all messages that were ever sent, and nothing is   *)
(* ever taken out. A message may be received at any time, many times, in   *)
(* any order, or never. So delay, duplication, reordering and loss are all *)
(* there without a line that speaks of them. (An RM that crashed for ever  *)
(* is one that takes no step any more: that is there, too.)                *)
(*                                                                         *)
(* lab/explore/specs/two-phase.ts is the same system in TypeScript. TLC    *)
(* and `nemcon explore --spec two-phase` find the same number of states.   *)
(***************************************************************************)

CONSTANT RM

VARIABLES
  rm,      \* rm[r]: the state of resource manager r
  tm,      \* the state of the transaction manager
  heard,   \* the RMs that the TM knows to be prepared
  sent     \* all messages

vars == <<rm, tm, heard, sent>>

(* There is only one transaction, so messages need no id of it. An RM that *)
(* refuses says nothing: the TM may give up at any time anyway.            *)
Prepared(r) == [kind |-> "prepared", from |-> r]
CommitMessage == [kind |-> "commit"]
AbortMessage == [kind |-> "abort"]
Message == {Prepared(r) : r \in RM} \cup {CommitMessage, AbortMessage}

TypeOK ==
  /\ rm \in [RM -> {"working", "prepared", "committed", "aborted"}]
  /\ tm \in {"init", "done"}
  /\ heard \subseteq RM
  /\ sent \subseteq Message

Init ==
  /\ rm = [r \in RM |-> "working"]
  /\ tm = "init"
  /\ heard = {}
  /\ sent = {}

-----------------------------------------------------------------------------
(* Resource managers. They prepare unasked: a message that asks them to    *)
(* would only take behaviours away.                                        *)

RMPrepare(r) ==
  /\ rm[r] = "working"
  /\ rm' = [rm EXCEPT ![r] = "prepared"]
  /\ sent' = sent \cup {Prepared(r)}
  /\ UNCHANGED <<tm, heard>>

RMChooseToAbort(r) ==
  /\ rm[r] = "working"
  /\ rm' = [rm EXCEPT ![r] = "aborted"]
  /\ UNCHANGED <<tm, heard, sent>>

(* An RM obeys without looking at its own state. That it never has to      *)
(* change its mind is for the checker to find out.                         *)
RMRcvCommitMsg(r) ==
  /\ CommitMessage \in sent
  /\ rm' = [rm EXCEPT ![r] = "committed"]
  /\ UNCHANGED <<tm, heard, sent>>

RMRcvAbortMsg(r) ==
  /\ AbortMessage \in sent
  /\ rm' = [rm EXCEPT ![r] = "aborted"]
  /\ UNCHANGED <<tm, heard, sent>>

-----------------------------------------------------------------------------
(* The transaction manager. It decides once.                               *)

TMRcvPrepared(r) ==
  /\ tm = "init"
  /\ Prepared(r) \in sent
  /\ heard' = heard \cup {r}
  /\ UNCHANGED <<rm, tm, sent>>

TMCommit ==
  /\ tm = "init"
  /\ heard = RM
  /\ tm' = "done"
  /\ sent' = sent \cup {CommitMessage}
  /\ UNCHANGED <<rm, heard>>

(* A refusal, a timeout, a user who cancels: the TM needs no reason.       *)
TMAbort ==
  /\ tm = "init"
  /\ tm' = "done"
  /\ sent' = sent \cup {AbortMessage}
  /\ UNCHANGED <<rm, heard>>

-----------------------------------------------------------------------------

Next ==
  \/ TMCommit \/ TMAbort
  \/ \E r \in RM :
       \/ TMRcvPrepared(r)
       \/ RMPrepare(r) \/ RMChooseToAbort(r)
       \/ RMRcvCommitMsg(r) \/ RMRcvAbortMsg(r)

Spec == Init /\ [][Next]_vars

Agreement == ~ \E r, s \in RM : rm[r] = "committed" /\ rm[s] = "aborted"

(* The RMs do what TCommit allows and nothing else. The instance reads     *)
(* this module's rm as its own.                                            *)
TC == INSTANCE TCommit
Refinement == TC!Spec
=============================================================================
