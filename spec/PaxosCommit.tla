----------------------------- MODULE PaxosCommit ---------------------------
(***************************************************************************)
(* Paxos Commit, bare. After Gray and Lamport (2006), §5.                  *)
(*                                                                         *)
(* Two-phase commit stops when its one transaction manager stops. Here     *)
(* the decision is kept by several acceptors, of which a majority is       *)
(* enough. For each RM there is one INSTANCE of the Paxos algorithm, which *)
(* chooses one value, "prepared" or "aborted", for good. The transaction   *)
(* commits if all instances choose "prepared".                             *)
(*                                                                         *)
(* An instance runs in ballots. Ballot 0 belongs to the RM itself, which   *)
(* proposes once and needs no first phase. Higher ballots belong to        *)
(* leaders that finish what an RM, or another leader, left undone:         *)
(*                                                                         *)
(*   1a  leader to acceptors    may I run ballot b?                        *)
(*   1b  acceptor to leader     yes, I answer no lower one any more; and   *)
(*                              this is what I have accepted last          *)
(*   2a  leader to acceptors    accept this value                          *)
(*   2b  acceptor to leader     accepted                                   *)
(*                                                                         *)
(* A value is chosen when a quorum has accepted it in one ballot.          *)
(*                                                                         *)
(* As in the paper, promises are per instance, leaders know all RMs, and   *)
(* nothing crashes or is forgotten. PaxosCommitRecovery.tla is the         *)
(* protocol that this repository runs. lab/explore/specs/paxos-commit.ts   *)
(* is this very system in TypeScript, with the same number of states.      *)
(***************************************************************************)

EXTENDS Integers, FiniteSets

CONSTANTS
  RM,
  Acceptor,
  Ballot      \* 0 .. n: 0 is the RM's own

ASSUME Ballot \subseteq Nat /\ 0 \in Ballot

(* Majorities: any two of them have an acceptor in common. All rests on    *)
(* that. (mutations/PaxosQuorumOfOne.tla takes it away.)                   *)
Quorum == {Q \in SUBSET Acceptor : 2 * Cardinality(Q) > Cardinality(Acceptor)}

Value == {"prepared", "aborted"}

(* What an acceptor has accepted last, and what it is before that.         *)
Nothing == [ballot |-> -1, value |-> "none"]
Cast == [ballot : Ballot, value : Value] \cup {Nothing}

VARIABLES
  rm,         \* rm[r]: the state of resource manager r
  acceptor,   \* acceptor[r][a]: the promise and the cast of a in instance r
  sent        \* all messages

vars == <<rm, acceptor, sent>>

Message ==
  [kind : {"1a"}, rm : RM, ballot : Ballot \ {0}]
    \cup
  [kind : {"1b"}, rm : RM, ballot : Ballot, from : Acceptor, cast : Cast]
    \cup
  [kind : {"2a"}, rm : RM, ballot : Ballot, value : Value]
    \cup
  [kind : {"2b"}, rm : RM, ballot : Ballot, from : Acceptor, value : Value]
    \cup
  [kind : {"commit", "abort"}]

TypeOK ==
  /\ rm \in [RM -> {"working", "prepared", "committed", "aborted"}]
  /\ acceptor \in [RM -> [Acceptor -> [promised : Ballot, cast : Cast]]]
  /\ sent \subseteq Message

Init ==
  /\ rm = [r \in RM |-> "working"]
  /\ acceptor = [r \in RM |-> [a \in Acceptor |-> [promised |-> 0, cast |-> Nothing]]]
  /\ sent = {}

Send(message) == sent' = sent \cup {message}

-----------------------------------------------------------------------------
(* Resource managers.                                                      *)

RMPrepare(r) ==
  /\ rm[r] = "working"
  /\ rm' = [rm EXCEPT ![r] = "prepared"]
  /\ Send([kind |-> "2a", rm |-> r, ballot |-> 0, value |-> "prepared"])
  /\ UNCHANGED acceptor

RMChooseToAbort(r) ==
  /\ rm[r] = "working"
  /\ rm' = [rm EXCEPT ![r] = "aborted"]
  /\ Send([kind |-> "2a", rm |-> r, ballot |-> 0, value |-> "aborted"])
  /\ UNCHANGED acceptor

RMRcvCommitMsg(r) ==
  /\ [kind |-> "commit"] \in sent
  /\ rm' = [rm EXCEPT ![r] = "committed"]
  /\ UNCHANGED <<acceptor, sent>>

RMRcvAbortMsg(r) ==
  /\ [kind |-> "abort"] \in sent
  /\ rm' = [rm EXCEPT ![r] = "aborted"]
  /\ UNCHANGED <<acceptor, sent>>

-----------------------------------------------------------------------------
(* Leaders. Nothing says who leads or how many do: anybody may begin any   *)
(* ballot at any time. Two leaders at once cost time, never safety.        *)

Phase1a(b, r) ==
  /\ b > 0
  /\ Send([kind |-> "1a", rm |-> r, ballot |-> b])
  /\ UNCHANGED <<rm, acceptor>>

(* What a leader may propose when these acceptors have answered: if one of *)
(* them has accepted a value, a quorum may have, so the value of the       *)
(* highest ballot has to stay. Otherwise the leader is free, and must take *)
(* "aborted": that an RM has prepared only the RM itself can say.          *)
Highest(casts) ==
  CHOOSE cast \in casts : \A other \in casts : other.ballot <= cast.ballot

Proposal(casts) ==
  IF Highest(casts) = Nothing THEN "aborted" ELSE Highest(casts).value

Phase2a(b, r) ==
  /\ b > 0
  /\ ~ \E m \in sent : m.kind = "2a" /\ m.rm = r /\ m.ballot = b
  /\ \E Q \in Quorum :
       LET answers == {m \in sent : m.kind = "1b" /\ m.rm = r /\ m.ballot = b /\ m.from \in Q}
       IN  /\ \A a \in Q : \E m \in answers : m.from = a
           /\ Send([kind |-> "2a", rm |-> r, ballot |-> b,
                    value |-> Proposal({m.cast : m \in answers})])
  /\ UNCHANGED <<rm, acceptor>>

Chosen(r, value) ==
  \E b \in Ballot : \E Q \in Quorum : \A a \in Q :
    [kind |-> "2b", rm |-> r, ballot |-> b, from |-> a, value |-> value] \in sent

DecideCommit ==
  /\ \A r \in RM : Chosen(r, "prepared")
  /\ Send([kind |-> "commit"])
  /\ UNCHANGED <<rm, acceptor>>

DecideAbort ==
  /\ \E r \in RM : Chosen(r, "aborted")
  /\ Send([kind |-> "abort"])
  /\ UNCHANGED <<rm, acceptor>>

-----------------------------------------------------------------------------
(* Acceptors.                                                              *)

Phase1b(a, r) == \E m \in sent :
  /\ m.kind = "1a" /\ m.rm = r
  /\ m.ballot > acceptor[r][a].promised
  /\ acceptor' = [acceptor EXCEPT ![r][a].promised = m.ballot]
  /\ Send([kind |-> "1b", rm |-> r, ballot |-> m.ballot, from |-> a, cast |-> acceptor[r][a].cast])
  /\ UNCHANGED rm

Phase2b(a, r) == \E m \in sent :
  /\ m.kind = "2a" /\ m.rm = r
  /\ m.ballot >= acceptor[r][a].promised
  /\ acceptor' = [acceptor EXCEPT ![r][a] =
       [promised |-> m.ballot, cast |-> [ballot |-> m.ballot, value |-> m.value]]]
  /\ Send([kind |-> "2b", rm |-> r, ballot |-> m.ballot, from |-> a, value |-> m.value])
  /\ UNCHANGED rm

-----------------------------------------------------------------------------

Next ==
  \/ DecideCommit \/ DecideAbort
  \/ \E r \in RM :
       \/ RMPrepare(r) \/ RMChooseToAbort(r)
       \/ RMRcvCommitMsg(r) \/ RMRcvAbortMsg(r)
       \/ \E b \in Ballot : Phase1a(b, r) \/ Phase2a(b, r)
       \/ \E a \in Acceptor : Phase1b(a, r) \/ Phase2b(a, r)

Spec == Init /\ [][Next]_vars

Agreement == ~ \E r, s \in RM : rm[r] = "committed" /\ rm[s] = "aborted"

(* An instance chooses one value, whatever ballots do.                     *)
OneValue == \A r \in RM : ~ (Chosen(r, "prepared") /\ Chosen(r, "aborted"))

TC == INSTANCE TCommit
Refinement == TC!Spec
=============================================================================
