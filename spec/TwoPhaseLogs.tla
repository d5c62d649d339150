---------------------------- MODULE TwoPhaseLogs ---------------------------
(***************************************************************************)
(* Two-phase commit as it runs: with logs that lose their tails, crashes   *)
(* of everybody at any time and any number of times, forgetting, and what  *)
(* a coordinator's silence means. After Mohan, Lindsay and Obermarck,      *)
(* "Transaction Management in the R* Distributed Database Management       *)
(* System" (1986), and, for what participants ask each other, Bernstein,   *)
(* Hadzilacos and Goodman (1987), ch. 7.                                   *)
(*                                                                         *)
(* A coordinator can't remember every transaction for ever. Once it has    *)
(* forgotten one, somebody may still ask, and gets an answer that no log   *)
(* holds: a PRESUMPTION. It must never be the wrong one for somebody who   *)
(* is in doubt. Three ways to make it right, each with a price:            *)
(*                                                                         *)
(*   "nothing"  both decisions are logged, and kept until everybody has    *)
(*              acknowledged. (Silence means abort all the same: before    *)
(*              the decision there is no record.)                          *)
(*   "abort"    only commits are. An abort is forgotten at once.           *)
(*   "commit"   a commit is forgotten at once. For that, the coordinator   *)
(*              has to log that it collects votes before it asks for them, *)
(*              and to keep an abort until everybody has acknowledged.     *)
(*                                                                         *)
(* In the code: protocols/two-phase/, with the table of presumptions in    *)
(* presumption.ts; docs/protocols.md. Phases and records have the names    *)
(* that they have there. "none" is a transaction without a state: the code *)
(* calls it absent.                                                        *)
(*                                                                         *)
(* Left out: one-phase commit, work inside PREPARE, heuristic decisions.   *)
(***************************************************************************)

EXTENDS Integers, Sequences

CONSTANTS
  Participant,
  Presumption,    \* "nothing", "abort" or "commit"
  Feature         \* some of "read-only", "peers", "forgetting"

ASSUME Presumption \in {"nothing", "abort", "commit"}
ASSUME Feature \subseteq {"read-only", "peers", "forgetting"}

VARIABLES
  c,       \* the coordinator's memory: its phase, the votes, who has not acknowledged
  cLog,    \* the coordinator's log
  p,       \* p[q]: the phase of participant q
  pLog,    \* pLog[q]: the log of participant q
  sent,    \* all messages (see TwoPhase.tla for why none is ever taken out)
  rm,      \* what has been done: the transaction as TCommit sees it
  client,  \* what the client was told
  calm     \* nothing has crashed, and nobody has lost patience

vars == <<c, cLog, p, pLog, sent, rm, client, calm>>

(* The last three are not part of the system. They remember what was true  *)
(* once: a participant that crashes may lose the record of its abort, and  *)
(* be in doubt again. It has aborted all the same.                         *)

-----------------------------------------------------------------------------
(* LOGS. A record is forced, or it waits in the tail for the next one that *)
(* is. A crash takes any part of the tail, from its end.                   *)
(*                                                                         *)
(* A step that forces a record and sends messages is one step here. That   *)
(* they leave after the record is durable needs no more saying: a crash    *)
(* between the two is a crash after the step whose messages never arrive.  *)

EmptyLog == [durable |-> <<>>, tail |-> <<>>]

Write(log, record, force) ==
  IF force
  THEN [durable |-> log.durable \o log.tail \o <<record>>, tail |-> <<>>]
  ELSE [log EXCEPT !.tail = Append(@, record)]

Flush(log) == [durable |-> log.durable \o log.tail, tail |-> <<>>]

AfterCrash(log) ==
  {[durable |-> log.durable \o SubSeq(log.tail, 1, n), tail |-> <<>>] : n \in 0 .. Len(log.tail)}

Last(log) == log[Len(log)]

-----------------------------------------------------------------------------
(* THE TABLE OF PRESUMPTIONS: all that differs between the three.          *)

Decisions == {"commit", "abort"}

(* The coordinator forgets this decision only when all have acknowledged   *)
(* it; a participant forces its record of it before it does.               *)
Acknowledged(decision) ==
  CASE Presumption = "nothing" -> TRUE
    [] Presumption = "abort"   -> decision = "commit"
    [] Presumption = "commit"  -> decision = "abort"

Silence == IF Presumption = "commit" THEN "commit" ELSE "abort"

(* Which of the coordinator's records are forced, where they are written.  *)
CoordinatorForces(kind) == kind \in {"collecting", "commit", "abort"}

ParticipantForcesPrepare == TRUE
ParticipantForces(decision) == Acknowledged(decision)

(* Under presumed commit a branch that never prepared forces its abort     *)
(* before it acknowledges it.                                              *)
ForcesTombstone(phase) ==
  IF phase = "active" THEN Presumption = "commit" ELSE Presumption # "nothing"

(* May a branch prepare and vote before it is asked to?                    *)
Unsolicited == Presumption # "commit"

(* Votes are collected once. A coordinator that has forgotten a            *)
(* transaction does not begin it again.                                    *)
MayStart == c.phase = "init"

-----------------------------------------------------------------------------

Prepare == [kind |-> "prepare"]
Vote(q, vote) == [kind |-> "vote", from |-> q, vote |-> vote]
Decision(q, decision) == [kind |-> "decision", to |-> q, decision |-> decision]
Ack(q, decision) == [kind |-> "ack", from |-> q, decision |-> decision]
Inquire(q) == [kind |-> "inquire", from |-> q]
DecisionReply(q, decision) == [kind |-> "decision-reply", from |-> q, decision |-> decision]

Message ==
  {Prepare}
    \cup {Vote(q, vote) : q \in Participant, vote \in {"yes", "no", "read-only"}}
    \cup {Decision(q, d) : q \in Participant, d \in Decisions}
    \cup {Ack(q, d) : q \in Participant, d \in Decisions}
    \cup {Inquire(q) : q \in Participant}
    \cup {DecisionReply(q, d) : q \in Participant, d \in Decisions}

(* Commit and abort name who has to hear of them. "outcome" is the end: a  *)
(* row that tells clients how it went, and that nobody has to be told.     *)
CoordinatorRecord == [kind : {"collecting", "commit", "abort", "outcome"}, participants : SUBSET Participant]
ParticipantRecord == {"prepare", "committed", "aborted", "read-only"}

TypeOK ==
  /\ c \in [phase : {"init", "collecting", "committing", "aborting", "none"},
            votes : [Participant -> {"none", "yes", "read-only"}],
            waits : SUBSET Participant]
  /\ cLog \in [durable : Seq(CoordinatorRecord), tail : Seq(CoordinatorRecord)]
  /\ p \in [Participant -> {"active", "prepared", "committed", "aborted", "reader", "none"}]
  /\ pLog \in [Participant -> [durable : Seq(ParticipantRecord), tail : Seq(ParticipantRecord)]]
  /\ sent \subseteq Message
  /\ rm \in [Participant -> {"working", "prepared", "committed", "aborted"}]
  /\ client \in {"nothing", "committed", "aborted"}
  /\ calm \in BOOLEAN

Memory(phase, waits) ==
  [phase |-> phase, votes |-> [q \in Participant |-> "none"], waits |-> waits]

Init ==
  /\ c = Memory("init", {})
  /\ cLog = EmptyLog
  /\ p = [q \in Participant |-> "active"]
  /\ pLog = [q \in Participant |-> EmptyLog]
  /\ sent = {}
  /\ rm = [q \in Participant |-> "working"]
  /\ client = "nothing"
  /\ calm = TRUE

-----------------------------------------------------------------------------
(* THE COORDINATOR.                                                        *)

coordinatorOnly == <<p, pLog, rm>>

CWrite(kind, participants) ==
  cLog' = Write(cLog, [kind |-> kind, participants |-> participants], CoordinatorForces(kind))

Start ==
  /\ MayStart
  /\ c' = Memory("collecting", {})
  /\ IF Presumption = "commit" THEN CWrite("collecting", Participant) ELSE UNCHANGED cLog
  /\ sent' = sent \cup {Prepare}
  /\ UNCHANGED <<coordinatorOnly, client, calm>>

ReceiveVote(q) ==
  /\ c.phase = "collecting"
  /\ c.votes[q] = "none"
  /\ \E vote \in {"yes", "read-only"} :
       /\ Vote(q, vote) \in sent
       /\ c' = [c EXCEPT !.votes[q] = vote]
  /\ UNCHANGED <<coordinatorOnly, cLog, sent, client, calm>>

YesVoters == {q \in Participant : c.votes[q] = "yes"}

(* The record carries the list: after a crash nobody else knows whom to    *)
(* tell.                                                                   *)
Commit ==
  /\ c.phase = "collecting"
  /\ \A q \in Participant : c.votes[q] # "none"
  /\ YesVoters # {}
  /\ CWrite("commit", YesVoters)
  /\ c' = IF Acknowledged("commit") THEN Memory("committing", YesVoters) ELSE Memory("none", {})
  /\ sent' = sent \cup {Decision(q, "commit") : q \in YesVoters}
  /\ client' = "committed"
  /\ UNCHANGED <<coordinatorOnly, calm>>

(* Everybody only read, so nobody waits to hear. The row is forced for the *)
(* client's sake, and, under presumed commit, since recovery from          *)
(* "collecting" would abort what the client was told is committed.         *)
CommitOfReaders ==
  /\ c.phase = "collecting"
  /\ \A q \in Participant : c.votes[q] = "read-only"
  /\ cLog' = Write(cLog, [kind |-> "outcome", participants |-> {}], TRUE)
  /\ c' = Memory("none", {})
  /\ client' = "committed"
  /\ UNCHANGED <<coordinatorOnly, sent, calm>>

(* Told to all that may have voted YES.                                    *)
AbortTelling(members) ==
  /\ sent' = sent \cup {Decision(q, "abort") : q \in members}
  /\ client' = "aborted"
  /\ IF Acknowledged("abort") /\ members # {}
     THEN /\ c' = Memory("aborting", members)
          /\ IF Presumption = "nothing" THEN CWrite("abort", members) ELSE UNCHANGED cLog
     ELSE /\ c' = Memory("none", {})
          /\ CWrite("outcome", members)

MayHaveVotedYes == {q \in Participant : c.votes[q] # "read-only"}

ReceiveNo(q) ==
  /\ c.phase = "collecting"
  /\ c.votes[q] = "none"
  /\ Vote(q, "no") \in sent
  /\ AbortTelling(MayHaveVotedYes \ {q})
  /\ UNCHANGED <<coordinatorOnly, calm>>

(* Nobody has to be slow for that: how long to wait is not modelled.       *)
LosePatience ==
  /\ c.phase = "collecting"
  /\ AbortTelling(MayHaveVotedYes)
  /\ calm' = FALSE
  /\ UNCHANGED coordinatorOnly

ReceiveAck(q) ==
  /\ q \in c.waits
  /\ Ack(q, IF c.phase = "committing" THEN "commit" ELSE "abort") \in sent
  /\ IF c.waits = {q}
     THEN c' = Memory("none", {}) /\ CWrite("outcome", {})
     ELSE c' = [c EXCEPT !.waits = @ \ {q}] /\ UNCHANGED cLog
  /\ UNCHANGED <<coordinatorOnly, sent, client, calm>>

(* While it collects votes it answers PENDING, which is no help.           *)
AnswerInquiry(q) ==
  /\ Inquire(q) \in sent
  /\ c.phase \in {"committing", "aborting", "none"}
  /\ sent' = sent \cup {Decision(q,
       CASE c.phase = "committing" -> "commit"
         [] c.phase = "aborting"   -> "abort"
         [] c.phase = "none"       -> Silence)}
  /\ UNCHANGED <<coordinatorOnly, c, cLog, client, calm>>

(* A YES that comes after all is forgotten. Under presumed commit it is    *)
(* not answered: that somebody voted is no proof that he is in doubt.      *)
AnswerLateVote(q) ==
  /\ c.phase = "none"
  /\ Vote(q, "yes") \in sent
  /\ Presumption # "commit"
  /\ sent' = sent \cup {Decision(q, "abort")}
  /\ UNCHANGED <<coordinatorOnly, c, cLog, client, calm>>

(* A crash and the recovery after it are one step: who is down does        *)
(* nothing, and doing nothing for any time is always allowed.              *)
CrashCoordinator == \E log \in AfterCrash(cLog) :
  /\ cLog' = log
  /\ calm' = FALSE
  /\ UNCHANGED <<coordinatorOnly>>
  /\ IF log.durable = <<>>
     THEN c' = Memory("none", {}) /\ UNCHANGED <<sent, client>>
     ELSE LET last == Last(log.durable) IN
       CASE last.kind = "outcome" \/ (last.kind = "commit" /\ ~ Acknowledged("commit")) ->
              c' = Memory("none", {}) /\ UNCHANGED <<sent, client>>
         [] last.kind = "commit" /\ Acknowledged("commit") ->
              /\ c' = Memory("committing", last.participants)
              /\ sent' = sent \cup {Decision(q, "commit") : q \in last.participants}
              /\ UNCHANGED client
         [] last.kind \in {"collecting", "abort"} ->
              /\ c' = Memory("aborting", last.participants)
              /\ sent' = sent \cup {Decision(q, "abort") : q \in last.participants}
              /\ client' = IF client = "nothing" THEN "aborted" ELSE client

-----------------------------------------------------------------------------
(* PARTICIPANTS.                                                           *)

participantOnly == <<c, cLog, client>>

(* It can promise either: all that it needs for that is in its log.        *)
VoteYes(q) ==
  /\ p[q] = "active"
  /\ Prepare \in sent \/ Unsolicited
  /\ p' = [p EXCEPT ![q] = "prepared"]
  /\ pLog' = [pLog EXCEPT ![q] = Write(@, "prepare", ParticipantForcesPrepare)]
  /\ rm' = [rm EXCEPT ![q] = "prepared"]
  /\ sent' = sent \cup {Vote(q, "yes")}
  /\ UNCHANGED <<participantOnly, calm>>

(* It wrote nothing, so either outcome is fine by it, and it drops out.    *)
(* For TCommit it stays prepared: it never does anything more. Its row is  *)
(* not forced. A crash may take it, and then it looks as if it had never   *)
(* voted: what such a branch says later is no evidence of anything.        *)
VoteReadOnly(q) ==
  /\ "read-only" \in Feature
  /\ p[q] = "active"
  /\ Prepare \in sent
  /\ p' = [p EXCEPT ![q] = "reader"]
  /\ pLog' = [pLog EXCEPT ![q] = Write(@, "read-only", FALSE)]
  /\ rm' = [rm EXCEPT ![q] = "prepared"]
  /\ sent' = sent \cup {Vote(q, "read-only")}
  /\ UNCHANGED <<participantOnly, calm>>

VoteNo(q) ==
  /\ p[q] = "active"
  /\ Prepare \in sent
  /\ p' = [p EXCEPT ![q] = "aborted"]
  /\ pLog' = [pLog EXCEPT ![q] = Write(@, "aborted", FALSE)]
  /\ rm' = [rm EXCEPT ![q] = "aborted"]
  /\ sent' = sent \cup {Vote(q, "no")}
  /\ UNCHANGED <<participantOnly, calm>>

(* Nothing was promised yet: the only time at which it may abort alone.    *)
AbortAlone(q) ==
  /\ p[q] = "active"
  /\ p' = [p EXCEPT ![q] = "aborted"]
  /\ pLog' = [pLog EXCEPT ![q] = Write(@, "aborted", FALSE)]
  /\ rm' = [rm EXCEPT ![q] = "aborted"]
  /\ calm' = FALSE
  /\ UNCHANGED <<participantOnly, sent>>

(* The work is gone, or was never here. It never starts anew from a late   *)
(* copy of PREPARE.                                                        *)
RefuseLatePrepare(q) ==
  /\ Prepare \in sent
  /\ p[q] \in {"aborted", "none"}
  /\ sent' = sent \cup {Vote(q, "no")}
  /\ UNCHANGED <<participantOnly, p, pLog, rm, calm>>

(* In doubt: it asks, again and again, and never decides alone.            *)
Ask(q) ==
  /\ p[q] = "prepared"
  /\ sent' = sent \cup {Inquire(q)}
  /\ UNCHANGED <<participantOnly, p, pLog, rm, calm>>

AckIfDue(q, decision) == IF Acknowledged(decision) THEN {Ack(q, decision)} ELSE {}

Outcome(decision) == IF decision = "commit" THEN "committed" ELSE "aborted"

(* rm says what is done, whatever was done before: TCommit judges it.      *)
Obey(q, decision, acknowledgements) ==
  /\ p' = [p EXCEPT ![q] = Outcome(decision)]
  /\ pLog' = [pLog EXCEPT ![q] = Write(@, Outcome(decision), ParticipantForces(decision))]
  /\ rm' = [rm EXCEPT ![q] = Outcome(decision)]
  /\ sent' = sent \cup acknowledgements
  /\ UNCHANGED <<participantOnly, calm>>

ReceiveDecision(q) == \E decision \in Decisions :
  /\ Decision(q, decision) \in sent
  /\ p[q] = "prepared"
  /\ Obey(q, decision, AckIfDue(q, decision))

(* Whoever has done it, or has done it and forgotten, still acknowledges:  *)
(* otherwise the coordinator could never forget.                           *)
AcknowledgeAgain(q) == \E decision \in Decisions :
  /\ Decision(q, decision) \in sent
  /\ \/ p[q] = Outcome(decision)
     \/ decision = "commit" /\ p[q] = "none"
  /\ sent' = sent \cup AckIfDue(q, decision)
  /\ UNCHANGED <<participantOnly, p, pLog, rm, calm>>

(* ABORT for a branch that has not prepared: one that still works, one of  *)
(* which nothing is known, and, under presumed commit, a reader. It leaves *)
(* a tombstone for a PREPARE that may come later.                          *)
ReceiveAbortUnprepared(q) ==
  /\ Decision(q, "abort") \in sent
  /\ \/ p[q] \in {"active", "none"}
     \/ p[q] = "reader" /\ Presumption = "commit"
  /\ p' = [p EXCEPT ![q] = "aborted"]
  /\ pLog' = [pLog EXCEPT ![q] = Write(@, "aborted", ForcesTombstone(p[q]))]
  /\ rm' = [rm EXCEPT ![q] = IF @ = "working" THEN "aborted" ELSE @]
  /\ sent' = sent \cup AckIfDue(q, "abort")
  /\ UNCHANGED <<participantOnly, calm>>

(* Cooperative termination: what a peer says that is asked. (It is asked   *)
(* by whoever is in doubt; here it says so unasked, which is more than     *)
(* can happen.) A branch that has not voted aborts first. The last line is *)
(* the trap: who knows nothing may have committed and forgotten.           *)
PeerAnswer(phase) ==
  CASE phase = "committed"             -> "commit"
    [] phase \in {"aborted", "active"} -> "abort"
    [] OTHER                           -> "unknown"

TellPeers(q) ==
  /\ "peers" \in Feature
  /\ PeerAnswer(p[q]) # "unknown"
  /\ sent' = sent \cup {DecisionReply(q, PeerAnswer(p[q]))}
  /\ IF p[q] = "active"
     THEN /\ p' = [p EXCEPT ![q] = "aborted"]
          /\ pLog' = [pLog EXCEPT ![q] = Write(@, "aborted", TRUE)]
          /\ rm' = [rm EXCEPT ![q] = "aborted"]
          /\ calm' = FALSE
     ELSE /\ pLog' = [pLog EXCEPT ![q] = Flush(@)]
          /\ UNCHANGED <<p, rm, calm>>
  /\ UNCHANGED participantOnly

HearPeer(q) == \E peer \in Participant \ {q}, decision \in Decisions :
  /\ DecisionReply(peer, decision) \in sent
  /\ p[q] = "prepared"
  /\ Obey(q, decision, {})

(* Its part is done, and durable. It may forget at any time.               *)
Forget(q) ==
  /\ "forgetting" \in Feature
  /\ p[q] \in {"committed", "aborted", "reader"}
  /\ p' = [p EXCEPT ![q] = "none"]
  /\ pLog' = [pLog EXCEPT ![q] = EmptyLog]
  /\ UNCHANGED <<participantOnly, sent, rm, calm>>

PhaseAfter(log) ==
  IF log = <<>>
  THEN "none"
  ELSE CASE Last(log) = "prepare"   -> "prepared"
         [] Last(log) = "read-only" -> "reader"
         [] OTHER                   -> Last(log)

(* Work of which the log says nothing is lost in a crash: that is an       *)
(* abort, whatever was promised. A reader has nothing to lose.             *)
CrashParticipant(q) == \E log \in AfterCrash(pLog[q]) :
  /\ pLog' = [pLog EXCEPT ![q] = log]
  /\ p' = [p EXCEPT ![q] = PhaseAfter(log.durable)]
  /\ rm' = [rm EXCEPT ![q] =
       IF log.durable = <<>> /\ p[q] \in {"active", "prepared", "committed"} THEN "aborted" ELSE @]
  /\ calm' = FALSE
  /\ UNCHANGED <<participantOnly, sent>>

-----------------------------------------------------------------------------

Next ==
  \/ Start \/ Commit \/ CommitOfReaders \/ LosePatience \/ CrashCoordinator
  \/ \E q \in Participant :
       \/ ReceiveVote(q) \/ ReceiveNo(q) \/ ReceiveAck(q)
       \/ AnswerInquiry(q) \/ AnswerLateVote(q)
       \/ VoteYes(q) \/ VoteReadOnly(q) \/ VoteNo(q) \/ AbortAlone(q) \/ RefuseLatePrepare(q)
       \/ Ask(q) \/ ReceiveDecision(q) \/ AcknowledgeAgain(q) \/ ReceiveAbortUnprepared(q)
       \/ TellPeers(q) \/ HearPeer(q) \/ Forget(q) \/ CrashParticipant(q)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* WHAT HOLDS.                                                             *)

SomebodyCommitted == client = "committed" \/ \E q \in Participant : rm[q] = "committed"
SomebodyAborted == client = "aborted" \/ \E q \in Participant : rm[q] = "aborted"

(* Uniform, and with the client among those who agree.                     *)
Agreement == ~ (SomebodyCommitted /\ SomebodyAborted)

CommitValidity ==
  SomebodyCommitted => \A q \in Participant : Vote(q, "yes") \in sent \/ Vote(q, "read-only") \in sent

(* Where nothing goes wrong and nobody refuses, nobody aborts.             *)
AbortValidity ==
  SomebodyAborted => ~ calm \/ \E q \in Participant : Vote(q, "no") \in sent

(* The client is told what no crash can take back.                         *)
CommitIsDurable ==
  client = "committed" => \E n \in 1 .. Len(cLog.durable) : cLog.durable[n].kind \in {"commit", "outcome"}

(* Whoever is in doubt while the coordinator is silent would be told the   *)
(* truth. (Under presumed commit somebody who is NOT in doubt may be told  *)
(* COMMIT of what has aborted: an old inquiry that comes late. It does     *)
(* nothing about it, since its abort was forced before the coordinator     *)
(* could forget.)                                                          *)
SilenceTellsTheTruth ==
  (c.phase = "none" /\ \E q \in Participant : p[q] = "prepared")
    => IF Silence = "commit" THEN ~ SomebodyAborted ELSE ~ SomebodyCommitted

TC == INSTANCE TCommit WITH RM <- Participant
Refinement == TC!Spec
=============================================================================
