-------------------------- MODULE ThreePhaseQuorum -------------------------
(***************************************************************************)
(* Three-phase commit that agrees whatever is late, lost or taken for      *)
(* dead: E3PC of Keidar and Dolev, "Increasing the Resilience of           *)
(* Distributed and Replicated Database Systems" (1998), with unique        *)
(* numbers for its elections.                                              *)
(*                                                                         *)
(* Why three phases. In two-phase commit a participant that has voted YES  *)
(* may stand next to one that has committed and to one that has aborted,   *)
(* so that, without the coordinator, it can do neither. Here a state is    *)
(* put between the vote and the commit: nobody commits before a quorum is  *)
(* in p, and nobody aborts then before a quorum has been led out of it.    *)
(*                                                                         *)
(*    q -----> w -----> p -----> c        q     works, has not voted       *)
(*    |        |      ^ |                 w     waits: has voted YES       *)
(*    |        |      | v                 p     precommitted               *)
(*    |        +-----> pa -----> a        pa    preaborted                 *)
(*    +------------------------> a        c, a  committed, aborted         *)
(*                                                                         *)
(* The books' version asks who is alive, and errs when a slow site is      *)
(* taken for a dead one. This one never asks. Any site in doubt may call   *)
(* an ELECTION at any time: it takes a number that was never used, asks    *)
(* all sites for their states, and with a quorum of answers ATTEMPTS to    *)
(* bring a quorum to p, or to pa. If the quorum follows, that decides. A   *)
(* site follows the latest election that it has heard of and no earlier    *)
(* one. That is Paxos: Last_Elected is the promise, Last_Attempt the       *)
(* ballot of the value that was accepted last, p and pa are the values.    *)
(*                                                                         *)
(* Election 1 is the coordinator's: its PRECOMMIT after all votes is the   *)
(* first attempt, and needs no question first.                             *)
(*                                                                         *)
(* In the code: protocols/three-phase/, of which termination.ts is what    *)
(* all sites run and quorum.ts the rules that are modelled here; the       *)
(* records are "prepare", "precommit", "preabort", "elected", "decided".   *)
(* An election is (round, node) there; what matters is that no two leaders *)
(* share one. Not modelled: a person who forces an outcome, heuristics.    *)
(***************************************************************************)

EXTENDS Integers, FiniteSets, TLC

CONSTANTS
  Participant,
  Coordinator,
  Election        \* 1 .. n

Site == Participant \cup {Coordinator}

ASSUME Coordinator \notin Participant
ASSUME Election \subseteq Nat /\ 1 \in Election

(* The coordinator has a vote where that makes an even number odd: with    *)
(* two participants any two of three sites decide.                         *)
Voter == IF Cardinality(Participant) % 2 = 0 THEN Site ELSE Participant

Quorum == {Q \in SUBSET Voter : 2 * Cardinality(Q) > Cardinality(Voter)}

VARIABLES
  memory,    \* memory[s]: how site s stands
  disk,      \* disk[s]: how it will stand after a crash
  leading,   \* leading[s]: the election that s leads; 0 for none
  votes,     \* whose YES the coordinator has; lost in a crash
  sent,      \* all messages (see TwoPhase.tla for why none is ever taken out)
  rm,        \* what has been done: the transaction as TCommit sees it
  calm       \* nothing has crashed, and nobody has lost patience

vars == <<memory, disk, leading, votes, sent, rm, calm>>

(* The last two are not part of the system: they remember what was true    *)
(* once, such as the commit of a site that has forgotten it.               *)

InDoubt == {"w", "p", "pa"}
Decided == {"c", "a"}

(* The coordinator has no vote to give: it collects those of the others.   *)
(* "none": nothing of the transaction is kept. At a participant that       *)
(* proves nothing: its work was lost, or all is over and forgotten.        *)
State == {"q", "collecting", "none"} \cup InDoubt \cup Decided
Standing == [state : State, elected : Election, attempt : Election \cup {0}]

Stands(state) == [state |-> state, elected |-> 1, attempt |-> 0]

Prepare == [kind |-> "prepare"]
Yes(s) == [kind |-> "yes", from |-> s]
No(s) == [kind |-> "no", from |-> s]
StateRequest(e) == [kind |-> "state-request", election |-> e]
StateReport(s, e, state, attempt) ==
  [kind |-> "state-report", from |-> s, election |-> e, state |-> state, attempt |-> attempt]
Told(d) == [kind |-> "told", decision |-> d]
Attempt(e, state) == [kind |-> "attempt", election |-> e, state |-> state]
AttemptAck(s, e) == [kind |-> "attempt-ack", from |-> s, election |-> e]
Decision(d) == [kind |-> "decision", decision |-> d]
Ack(s) == [kind |-> "ack", from |-> s]

TypeOK ==
  /\ memory \in [Site -> Standing]
  /\ disk \in [Site -> Standing]
  /\ leading \in [Site -> Election \cup {0}]
  /\ votes \subseteq Participant
  /\ \A m \in sent : m.kind \in
       {"prepare", "yes", "no", "state-request", "state-report", "told", "attempt", "attempt-ack", "decision", "ack"}
  /\ rm \in [Participant -> {"working", "prepared", "committed", "aborted"}]
  /\ calm \in BOOLEAN

Init ==
  /\ memory = [s \in Site |-> Stands("q")]
  /\ disk = [s \in Site |-> Stands("none")]
  /\ leading = [s \in Site |-> 0]
  /\ votes = {}
  /\ sent = {}
  /\ rm = [s \in Participant |-> "working"]
  /\ calm = TRUE

Send(messages) == sent' = sent \cup messages

(* What a site writes in doubt is forced before it says anything that      *)
(* depends on it.                                                          *)
Forces(s, record) == TRUE

Write(s, record, now) ==
  /\ memory' = [memory EXCEPT ![s] = now]
  /\ disk' = IF Forces(s, record) THEN [disk EXCEPT ![s] = now] ELSE disk

WriteUnforced(s, now) ==
  /\ memory' = [memory EXCEPT ![s] = now]
  /\ UNCHANGED disk

(* The coordinator is no resource manager.                                 *)
Does(s, done) == rm' = IF s \in Participant THEN [rm EXCEPT ![s] = done] ELSE rm

-----------------------------------------------------------------------------
(* VOTES.                                                                  *)

AskForVotes ==
  /\ memory[Coordinator].state = "q"
  /\ WriteUnforced(Coordinator, Stands("collecting"))
  /\ Send({Prepare})
  /\ UNCHANGED <<leading, votes, rm, calm>>

VoteYes(s) ==
  /\ memory[s].state = "q"
  /\ Prepare \in sent
  /\ Write(s, "prepare", Stands("w"))
  /\ Send({Yes(s)})
  /\ Does(s, "prepared")
  /\ UNCHANGED <<leading, votes, calm>>

(* Before its vote a participant may abort alone, forced or not.           *)
VoteNo(s) ==
  /\ memory[s].state = "q"
  /\ WriteUnforced(s, Stands("a"))
  /\ Send({No(s)})
  /\ Does(s, "aborted")
  /\ UNCHANGED <<leading, votes, calm>>

(* The work was lost, and no late copy of the request begins it anew.      *)
RefuseLatePrepare(s) ==
  /\ memory[s].state = "none"
  /\ Prepare \in sent
  /\ Send({No(s)})
  /\ UNCHANGED <<memory, disk, leading, votes, rm, calm>>

ReceiveYes(s) ==
  /\ memory[Coordinator].state = "collecting"
  /\ Yes(s) \in sent
  /\ votes' = votes \cup {s}
  /\ UNCHANGED <<memory, disk, leading, sent, rm, calm>>

(* A NO, no patience, or somebody asks for its state: while it collects    *)
(* the coordinator may abort alone, since nobody can have been told to     *)
(* precommit. The abort is not forced: where its log is silent, abort is   *)
(* the answer.                                                             *)
AbortWhileCollecting ==
  /\ memory[Coordinator].state = "collecting"
  /\ WriteUnforced(Coordinator, Stands("a"))
  /\ Send({Decision("abort")})
  /\ calm' = (calm /\ \E s \in Participant : No(s) \in sent)
  /\ UNCHANGED <<leading, votes, rm>>

(* All have voted YES: attempt 1. It moves first, forced, then the others. *)
Precommit ==
  /\ memory[Coordinator].state = "collecting"
  /\ votes = Participant
  /\ Write(Coordinator, "precommit", [state |-> "p", elected |-> 1, attempt |-> 1])
  /\ leading' = [leading EXCEPT ![Coordinator] = 1]
  /\ Send({Attempt(1, "p"), AttemptAck(Coordinator, 1)})
  /\ UNCHANGED <<votes, rm, calm>>

-----------------------------------------------------------------------------
(* ELECTIONS. Nobody is suspected and nothing is timed: a site in doubt    *)
(* may call one whenever it likes.                                         *)

(* A number is never used twice. The promise is forced before states are   *)
(* asked for, and the leader's own state is the first report.              *)
Elect(s, e) ==
  /\ memory[s].state \in InDoubt
  /\ e > memory[s].elected
  /\ StateRequest(e) \notin sent
  /\ Write(s, "elected", [memory[s] EXCEPT !.elected = e])
  /\ leading' = [leading EXCEPT ![s] = e]
  /\ Send({StateRequest(e), StateReport(s, e, memory[s].state, memory[s].attempt)})
  /\ calm' = FALSE
  /\ UNCHANGED <<votes, rm>>

(* A site in doubt promises to follow no earlier election, forced, then    *)
(* tells its state. Whoever does that leads no more (abdication).          *)
Report(s, e) ==
  /\ StateRequest(e) \in sent
  /\ memory[s].state \in InDoubt
  /\ e > memory[s].elected
  /\ Write(s, "elected", [memory[s] EXCEPT !.elected = e])
  /\ leading' = [leading EXCEPT ![s] = 0]
  /\ Send({StateReport(s, e, memory[s].state, memory[s].attempt)})
  /\ UNCHANGED <<votes, rm, calm>>

ReportsTo(s) == {m \in sent : m.kind = "state-report" /\ m.election = leading[s]}

(* THE RULE. Of the sites of a quorum those count that took the latest     *)
(* attempt: if they are in p, somebody may have committed, and the leader  *)
(* attempts p; otherwise pa. (No attempt at all: all are in w.)            *)
Latest(reports) == {m \in reports : \A other \in reports : other.attempt <= m.attempt}

Verdict(reports) == IF \A m \in Latest(reports) : m.state = "p" THEN "p" ELSE "pa"

HasAttempted(e) == \E state \in {"p", "pa"} : Attempt(e, state) \in sent

LeaderAttempts(s) == \E Q \in Quorum :
  LET e == leading[s]
      reports == {m \in ReportsTo(s) : m.from \in Q}
      verdict == Verdict(reports)
  IN  /\ e > 1
      /\ ~ HasAttempted(e)
      /\ \A q \in Q : \E m \in reports : m.from = q
      /\ Write(s, IF verdict = "p" THEN "precommit" ELSE "preabort",
               [state |-> verdict, elected |-> e, attempt |-> e])
      /\ Send({Attempt(e, verdict), AttemptAck(s, e)})
      /\ UNCHANGED <<leading, votes, rm, calm>>

(* An attempt is taken by whoever follows no later election. A site may go *)
(* from p to pa and back: the number says what counts.                     *)
Follow(s) == \E e \in Election, state \in {"p", "pa"} :
  /\ Attempt(e, state) \in sent
  /\ memory[s].state \in InDoubt
  /\ e >= memory[s].elected
  /\ e # memory[s].attempt
  /\ Write(s, IF state = "p" THEN "precommit" ELSE "preabort",
           [state |-> state, elected |-> e, attempt |-> e])
  /\ leading' = [leading EXCEPT ![s] = 0]
  /\ Send({AttemptAck(s, e)})
  /\ UNCHANGED <<votes, rm, calm>>

-----------------------------------------------------------------------------
(* DECISIONS. They are forced, told to all, and acknowledged by all.       *)

Conclude(s, d) ==
  LET state == IF d = "commit" THEN "c" ELSE "a" IN
  /\ Write(s, "decided", [memory[s] EXCEPT !.state = state])
  /\ leading' = [leading EXCEPT ![s] = 0]
  /\ Send({Decision(d), Ack(s)})
  /\ Does(s, IF d = "commit" THEN "committed" ELSE "aborted")
  /\ UNCHANGED <<votes, calm>>

(* A quorum took the attempt of the one who leads it.                      *)
DecideByQuorum(s) ==
  /\ leading[s] > 0
  /\ \E Q \in Quorum : \A q \in Q : AttemptAck(q, leading[s]) \in sent
  /\ \/ Attempt(leading[s], "p") \in sent /\ Conclude(s, "commit")
     \/ Attempt(leading[s], "pa") \in sent /\ Conclude(s, "abort")

(* Whoever has decided tells those who ask. (Here it says so unasked: that *)
(* is more than can happen.) The coordinator's silence, too, is an abort   *)
(* to whoever is in doubt: its "precommit" was forced before PRECOMMIT     *)
(* left, and it forgets a decision only when all have acknowledged it. A   *)
(* participant that keeps nothing proves nothing by that. It says so, and  *)
(* counts for nobody's quorum.                                             *)
Tell(s) ==
  /\ \/ memory[s].state = "c" /\ Send({Told("commit")})
     \/ memory[s].state = "a" /\ Send({Told("abort")})
     \/ memory[s].state = "none" /\ s = Coordinator /\ Send({Told("abort")})
  /\ UNCHANGED <<memory, disk, leading, votes, rm, calm>>

(* A participant that is asked before it has voted aborts, forced, and     *)
(* then can say that.                                                      *)
AbortWhenAsked(s) ==
  /\ memory[s].state = "q"
  /\ Write(s, "tombstone", Stands("a"))
  /\ Send({Told("abort")})
  /\ Does(s, "aborted")
  /\ calm' = FALSE
  /\ UNCHANGED <<leading, votes>>

(* A decision settles it, without a quorum.                                *)
DecideByReport(s) == \E d \in {"commit", "abort"} :
  /\ memory[s].state \in InDoubt
  /\ Told(d) \in sent
  /\ Conclude(s, d)

(* It obeys in any state, so that the checker judges whether it has to     *)
(* change its mind.                                                        *)
Obey(s) == \E d \in {"commit", "abort"} :
  /\ Decision(d) \in sent
  /\ memory[s].state # "none"
  /\ Conclude(s, d)

(* Whoever keeps nothing has nothing to undo.                              *)
AcknowledgeAbort(s) ==
  /\ memory[s].state = "none"
  /\ Decision("abort") \in sent
  /\ Send({Ack(s)})
  /\ UNCHANGED <<memory, disk, leading, votes, rm, calm>>

-----------------------------------------------------------------------------
(* CRASHES AND FORGETTING.                                                 *)

(* A crash and the recovery after it are one step: who is down does        *)
(* nothing, which is always allowed. (One that takes nothing is no step.)  *)
(* Work of which the log says nothing is lost, whatever was promised.      *)
Crash(s) ==
  /\ memory[s] # disk[s] \/ leading[s] # 0 \/ (s = Coordinator /\ votes # {})
  /\ memory' = [memory EXCEPT ![s] = disk[s]]
  /\ leading' = [leading EXCEPT ![s] = 0]
  /\ votes' = IF s = Coordinator THEN {} ELSE votes
  /\ IF disk[s].state = "none" THEN Does(s, "aborted") ELSE UNCHANGED rm
  /\ calm' = FALSE
  /\ UNCHANGED <<disk, sent>>

(* Not before everybody has it in its log: until then somebody may be in   *)
(* doubt, and take the coordinator's silence for an abort.                 *)
MayForget == \A s \in Site : Ack(s) \in sent

Forget(s) ==
  /\ memory[s].state \in Decided
  /\ MayForget
  /\ memory' = [memory EXCEPT ![s] = Stands("none")]
  /\ disk' = [disk EXCEPT ![s] = Stands("none")]
  /\ UNCHANGED <<leading, votes, sent, rm, calm>>

-----------------------------------------------------------------------------

Next ==
  \/ AskForVotes \/ AbortWhileCollecting \/ Precommit
  \/ \E s \in Participant :
       \/ VoteYes(s) \/ VoteNo(s) \/ RefuseLatePrepare(s) \/ ReceiveYes(s) \/ AbortWhenAsked(s)
  \/ \E s \in Site :
       \/ \E e \in Election : Elect(s, e) \/ Report(s, e)
       \/ LeaderAttempts(s) \/ Follow(s)
       \/ DecideByQuorum(s) \/ DecideByReport(s) \/ Tell(s) \/ Obey(s) \/ AcknowledgeAbort(s)
       \/ Crash(s) \/ Forget(s)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* WHAT HOLDS.                                                             *)

SomebodyCommitted == Decision("commit") \in sent \/ \E s \in Participant : rm[s] = "committed"
SomebodyAborted == Decision("abort") \in sent \/ \E s \in Participant : rm[s] = "aborted"

(* Uniform, and of the coordinator, too: what it decides, it tells.        *)
Agreement == ~ (SomebodyCommitted /\ SomebodyAborted)

CommitValidity == SomebodyCommitted => \A s \in Participant : Yes(s) \in sent

(* Where nothing goes wrong and nobody refuses, nobody aborts.             *)
AbortValidity == SomebodyAborted => ~ calm \/ \E s \in Participant : No(s) \in sent

TakenByQuorum(state) == \E e \in Election, Q \in Quorum :
  Attempt(e, state) \in sent /\ \A q \in Q : AttemptAck(q, e) \in sent

(* Nobody commits alone, and after PRECOMMIT nobody aborts alone.          *)
QuorumBehindDecision ==
  /\ SomebodyCommitted => TakenByQuorum("p")
  /\ SomebodyAborted /\ HasAttempted(1) => TakenByQuorum("pa")

OneAttempt == \A e \in Election : ~ (Attempt(e, "p") \in sent /\ Attempt(e, "pa") \in sent)

TC == INSTANCE TCommit WITH RM <- Participant
Refinement == TC!Spec

(* Participants differ in their names only (see PaxosCommitRecovery.tla).  *)
AlikeParticipants == Permutations(Participant)
=============================================================================
