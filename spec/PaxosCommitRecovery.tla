------------------------ MODULE PaxosCommitRecovery ------------------------
(***************************************************************************)
(* Paxos Commit as it runs: one promise for the whole transaction, crashes *)
(* of branches and acceptors, recovery by a leader that knows nothing but  *)
(* the transaction's id, and acceptors that forget what is over.           *)
(*                                                                         *)
(* Read PaxosCommit.tla first. What is different here:                     *)
(*                                                                         *)
(*  - A leader's ballot is about all branches at once. An acceptor's       *)
(*    PROMISE covers those, too, that it has not heard of: a vote of       *)
(*    theirs that comes later is refused.                                  *)
(*                                                                         *)
(*  - A leader may have nothing but the id. Acceptors that know who takes  *)
(*    part tell it. If none of a quorum knows, it proposes "aborted" for   *)
(*    every branch there may be, and that proposal is called STAR.         *)
(*                                                                         *)
(*  - A leader writes nothing. It announces what is chosen; when all       *)
(*    branches have it in their logs it tells the acceptors to CLOSE. They *)
(*    keep a TOMBSTONE, which answers whatever comes late.                 *)
(*                                                                         *)
(* Not modelled: how a leader waits, ballots as (counter, node), waiting   *)
(* for all votes before one forced write (a vote that waits in memory and  *)
(* is lost is one that has not arrived), several acceptor groups, the end  *)
(* of a tombstone.                                                         *)
(*                                                                         *)
(* In the code: protocols/paxos-commit/, quorum.ts, ballot.ts. The         *)
(* acceptor's records are "promise" and "accept", a branch's is            *)
(* "paxos-prepare"; `known` here is `membership` there.                    *)
(***************************************************************************)

EXTENDS Integers, FiniteSets, TLC

CONSTANTS
  RM,         \* the branches
  Acceptor,
  Ballot      \* 0 .. n: 0 is the branches' own, each other one some leader's

ASSUME Ballot \subseteq Nat /\ 0 \in Ballot

Quorum == {Q \in SUBSET Acceptor : 2 * Cardinality(Q) > Cardinality(Acceptor)}

Value == {"prepared", "aborted"}
Decisions == {"commit", "abort"}

Nothing == [ballot |-> -1, value |-> "none"]
Cast == [ballot : Ballot, value : Value] \cup {Nothing}

VARIABLES
  rm,       \* rm[r]: the state of branch r; what it needs of it is in its log
  memory,   \* memory[a]: what acceptor a knows
  disk,     \* disk[a]: what it will know after a crash
  sent      \* all messages (see TwoPhase.tla for why none is ever taken out)

vars == <<rm, memory, disk, sent>>

(* promised: no lower ballot is answered any more                          *)
(* known:    who takes part is known here; every vote tells it             *)
(* casts:    what was accepted last for each branch                        *)
(* star:     the ballot in which STAR was accepted; -1 for none            *)
(* closed:   the tombstone: how it ended, or "open"                        *)
Fresh ==
  [promised |-> 0, known |-> FALSE, casts |-> [r \in RM |-> Nothing], star |-> -1, closed |-> "open"]

Acceptance ==
  [promised : Ballot, known : BOOLEAN, casts : [RM -> Cast], star : Ballot \cup {-1},
   closed : Decisions \cup {"open"}]

Vote(r, value) == [kind |-> "vote", rm |-> r, value |-> value]
Phase1a(b) == [kind |-> "1a", ballot |-> b]
Phase1b(a, b, told) ==
  [kind |-> "1b", from |-> a, ballot |-> b, known |-> told.known, casts |-> told.casts, star |-> told.star]
Phase2a(b, values) == [kind |-> "2a", ballot |-> b, values |-> values]
Star(b) == [kind |-> "star", ballot |-> b]
Phase2b(a, b, r, value) == [kind |-> "2b", from |-> a, ballot |-> b, rm |-> r, value |-> value]
Decision(d) == [kind |-> "decision", decision |-> d]
Ack(r) == [kind |-> "ack", from |-> r]
Close(d) == [kind |-> "close", decision |-> d]
Forgotten(d) == [kind |-> "forgotten", decision |-> d]

TypeOK ==
  /\ rm \in [RM -> {"working", "prepared", "committed", "aborted"}]
  /\ memory \in [Acceptor -> Acceptance]
  /\ disk \in [Acceptor -> Acceptance]
  /\ \A m \in sent : m.kind \in
       {"vote", "1a", "1b", "2a", "star", "2b", "decision", "ack", "close", "forgotten"}

Init ==
  /\ rm = [r \in RM |-> "working"]
  /\ memory = [a \in Acceptor |-> Fresh]
  /\ disk = [a \in Acceptor |-> Fresh]
  /\ sent = {}

(* What does nothing but say again what was said is no step worth looking  *)
(* at: where an action has `\notin sent`, that is why.                     *)
Send(messages) == sent' = sent \cup messages

-----------------------------------------------------------------------------
(* WHAT IS CHOSEN: a value that a quorum has accepted in one ballot. STAR  *)
(* counts for every branch: the acceptor says so for each.                 *)

Chosen(r, value) ==
  \E b \in Ballot : \E Q \in Quorum : \A a \in Q : Phase2b(a, b, r, value) \in sent

IsCommit == \A r \in RM : Chosen(r, "prepared")
IsAbort == \E r \in RM : Chosen(r, "aborted")

-----------------------------------------------------------------------------
(* BRANCHES.                                                               *)

(* "paxos-prepare" is forced before the vote leaves, even where nothing    *)
(* was written: a branch has one value in ballot 0, for ever.              *)
RMPrepare(r) ==
  /\ rm[r] = "working"
  /\ rm' = [rm EXCEPT ![r] = "prepared"]
  /\ Send({Vote(r, "prepared")})
  /\ UNCHANGED <<memory, disk>>

RMRefuse(r) ==
  /\ rm[r] = "working"
  /\ rm' = [rm EXCEPT ![r] = "aborted"]
  /\ Send({Vote(r, "aborted")})
  /\ UNCHANGED <<memory, disk>>

(* Work without a record is lost. Such a branch does not vote any more:    *)
(* a leader will find nothing and choose "aborted" for it.                 *)
AfterCrash(state) == IF state = "working" THEN "aborted" ELSE state

RMCrash(r) ==
  /\ AfterCrash(rm[r]) # rm[r]
  /\ rm' = [rm EXCEPT ![r] = AfterCrash(@)]
  /\ UNCHANGED <<memory, disk, sent>>

Outcome(d) == IF d = "commit" THEN "committed" ELSE "aborted"

(* It does what it is told, records it, and acknowledges.                  *)
RMObey(r) == \E d \in Decisions :
  /\ Decision(d) \in sent
  /\ rm' = [rm EXCEPT ![r] = Outcome(d)]
  /\ Send({Ack(r)})
  /\ UNCHANGED <<memory, disk>>

(* The faster form: acceptors tell the branches, too, what they accept,    *)
(* and a branch learns a commit by itself.                                 *)
RMLearn(r) ==
  /\ rm[r] # "committed"
  /\ IsCommit
  /\ rm' = [rm EXCEPT ![r] = "committed"]
  /\ Send({Ack(r)})
  /\ UNCHANGED <<memory, disk>>

-----------------------------------------------------------------------------
(* LEADERS. They have no state: all that a leader needs it has been sent,  *)
(* and it forgets in a crash without harm. It never uses a ballot twice.   *)

BeginBallot(b) ==
  /\ b > 0
  /\ Phase1a(b) \notin sent
  /\ Send({Phase1a(b)})
  /\ UNCHANGED <<rm, memory, disk>>

Answers(b, Q) == {m \in sent : m.kind = "1b" /\ m.ballot = b /\ m.from \in Q}
HaveAnswered(b, Q) == {m.from : m \in Answers(b, Q)} = Q

HasProposed(b) == \E m \in sent : m.kind \in {"2a", "star"} /\ m.ballot = b

(* What an acceptor has accepted for r: of its cast and STAR the later.    *)
Effective(told, r) ==
  IF told.star > told.casts[r].ballot
  THEN [ballot |-> told.star, value |-> "aborted"]
  ELSE told.casts[r]

Highest(casts) ==
  CHOOSE cast \in casts : \A other \in casts : other.ballot <= cast.ballot

(* Where nothing was accepted the leader is free, and takes "aborted".     *)
FreeChoice == "aborted"

Proposal(r, answers) ==
  LET highest == Highest({Effective(m, r) : m \in answers})
  IN  IF highest = Nothing THEN FreeChoice ELSE highest.value

(* For each branch; the leader knows them from an acceptor, or from who    *)
(* asked it to lead.                                                       *)
Propose(b) ==
  /\ ~ HasProposed(b)
  /\ \E Q \in Quorum :
       /\ HaveAnswered(b, Q)
       /\ Send({Phase2a(b, [r \in RM |-> Proposal(r, Answers(b, Q))])})
  /\ UNCHANGED <<rm, memory, disk>>

(* For all that there may be: only where a quorum does not know who takes  *)
(* part, and then has accepted nothing but, perhaps, an earlier STAR.      *)
ProposeStar(b) ==
  /\ ~ HasProposed(b)
  /\ \E Q \in Quorum : HaveAnswered(b, Q) /\ \A m \in Answers(b, Q) : ~ m.known
  /\ Send({Star(b)})
  /\ UNCHANGED <<rm, memory, disk>>

Announce == \E d \in Decisions :
  /\ Decision(d) \notin sent
  /\ \/ d = "commit" /\ IsCommit
     \/ d = "abort" /\ IsAbort
     \/ Forgotten(d) \in sent      \* one acceptor that has closed it is proof enough
  /\ Send({Decision(d)})
  /\ UNCHANGED <<rm, memory, disk>>

(* Every branch has the outcome in its log and will ask nobody any more.   *)
TellClose == \E d \in Decisions :
  /\ Close(d) \notin sent
  /\ Decision(d) \in sent
  /\ \A r \in RM : Ack(r) \in sent
  /\ Send({Close(d)})
  /\ UNCHANGED <<rm, memory, disk>>

-----------------------------------------------------------------------------
(* ACCEPTORS. What they promise and accept is forced before they say so.   *)

Forces(record) == TRUE

Remember(a, record, now) ==
  /\ memory' = [memory EXCEPT ![a] = now]
  /\ disk' = IF Forces(record) THEN [disk EXCEPT ![a] = now] ELSE disk

Promises(a, b) == b > memory[a].promised
Accepts(a, b) == b >= memory[a].promised

(* What is closed answers no vote, no phase 1 and no phase 2 any more.     *)
IsOpenFor(a, kind) == memory[a].closed = "open"

(* A branch has one value in ballot 0; the second one is refused.          *)
AcceptsVote(a, r) == memory[a].promised = 0

OnVote(a) == \E r \in RM, value \in Value :
  /\ Vote(r, value) \in sent
  /\ IsOpenFor(a, "vote")
  /\ AcceptsVote(a, r)
  /\ memory[a].casts[r] = Nothing
  /\ Remember(a, "accept",
       [memory[a] EXCEPT !.known = TRUE, !.casts[r] = [ballot |-> 0, value |-> value]])
  /\ Send({Phase2b(a, 0, r, value)})
  /\ UNCHANGED rm

OnPhase1a(a) == \E b \in Ballot \ {0} :
  /\ Phase1a(b) \in sent
  /\ IsOpenFor(a, "1a")
  /\ Promises(a, b)
  /\ LET now == [memory[a] EXCEPT !.promised = b]
     IN  Remember(a, "promise", now) /\ Send({Phase1b(a, b, now)})
  /\ UNCHANGED rm

OnPhase2a(a) == \E m \in sent :
  /\ m.kind = "2a"
  /\ IsOpenFor(a, "2a")
  /\ Accepts(a, m.ballot)
  /\ Remember(a, "accept",
       [memory[a] EXCEPT
         !.promised = m.ballot,
         !.known = TRUE,
         !.casts = [r \in RM |-> [ballot |-> m.ballot, value |-> m.values[r]]]])
  /\ Send({Phase2b(a, m.ballot, r, m.values[r]) : r \in RM})
  /\ UNCHANGED rm

(* Casts stay: whether they or STAR count is a matter of ballots.          *)
OnStar(a) == \E b \in Ballot :
  /\ Star(b) \in sent
  /\ IsOpenFor(a, "star")
  /\ Accepts(a, b)
  /\ Remember(a, "accept", [memory[a] EXCEPT !.promised = b, !.star = b])
  /\ Send({Phase2b(a, b, r, "aborted") : r \in RM})
  /\ UNCHANGED rm

Tombstone(d) == [Fresh EXCEPT !.closed = d]

(* The tombstone is not forced. If a crash takes it, what it stood for is  *)
(* back, and does no harm.                                                 *)
OnClose(a) == \E d \in Decisions :
  /\ Close(d) \in sent
  /\ memory[a].closed = "open"
  /\ memory' = [memory EXCEPT ![a] = Tombstone(d)]
  /\ UNCHANGED <<rm, disk, sent>>

(* Phases 1 and 2 get the same answer, and never "nothing was accepted".   *)
OnClosed(a) ==
  /\ memory[a].closed # "open"
  /\ Forgotten(memory[a].closed) \notin sent
  /\ \E m \in sent : m.kind \in {"vote", "1a", "2a", "star"}
  /\ Send({Forgotten(memory[a].closed)})
  /\ UNCHANGED <<rm, memory, disk>>

Flush(a) ==
  /\ memory[a] # disk[a]
  /\ disk' = [disk EXCEPT ![a] = memory[a]]
  /\ UNCHANGED <<rm, memory, sent>>

(* A crash that takes nothing is no step worth looking at.                 *)
AcceptorCrash(a) ==
  /\ memory[a] # disk[a]
  /\ memory' = [memory EXCEPT ![a] = disk[a]]
  /\ UNCHANGED <<rm, disk, sent>>

-----------------------------------------------------------------------------

Next ==
  \/ Announce \/ TellClose
  \/ \E r \in RM : RMPrepare(r) \/ RMRefuse(r) \/ RMCrash(r) \/ RMObey(r) \/ RMLearn(r)
  \/ \E b \in Ballot : BeginBallot(b) \/ Propose(b) \/ ProposeStar(b)
  \/ \E a \in Acceptor :
       \/ OnVote(a) \/ OnPhase1a(a) \/ OnPhase2a(a) \/ OnStar(a)
       \/ OnClose(a) \/ OnClosed(a) \/ Flush(a) \/ AcceptorCrash(a)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* WHAT HOLDS.                                                             *)

SomebodyCommitted == Decision("commit") \in sent \/ \E r \in RM : rm[r] = "committed"

(* A branch that has aborted alone, before it voted, counts as well.       *)
SomebodyAborted == Decision("abort") \in sent \/ \E r \in RM : rm[r] = "aborted"

Agreement == ~ (SomebodyCommitted /\ SomebodyAborted)

CommitValidity == SomebodyCommitted => \A r \in RM : Vote(r, "prepared") \in sent

(* An abort is decided where a branch refused, or somebody lost patience   *)
(* and led a ballot.                                                       *)
AbortValidity ==
  Decision("abort") \in sent =>
    \/ \E r \in RM : Vote(r, "aborted") \in sent
    \/ \E b \in Ballot : Phase1a(b) \in sent

OneValue == \A r \in RM : ~ (Chosen(r, "prepared") /\ Chosen(r, "aborted"))

(* What acceptors hold makes sense: nothing above the promise, and         *)
(* nothing said that a crash could take back.                              *)
AcceptorsAreSound == \A a \in Acceptor :
  /\ \A r \in RM : memory[a].casts[r].ballot <= memory[a].promised
  /\ memory[a].star <= memory[a].promised
  /\ memory[a].closed = "open" => memory[a] = disk[a]

(* A promise is for ever, crashes included, until the transaction is over. *)
PromisesGrow == [][
  \A a \in Acceptor : memory'[a].closed = "open" => memory'[a].promised >= memory[a].promised]_vars

TC == INSTANCE TCommit
Refinement == TC!Spec

(* Acceptors differ in their names only: TLC need not look at a state that *)
(* another one is after a change of names.                                 *)
AlikeAcceptors == Permutations(Acceptor)
=============================================================================
