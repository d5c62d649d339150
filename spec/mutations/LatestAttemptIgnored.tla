----------------------- MODULE LatestAttemptIgnored -----------------------
(* Planted error: a leader that finds somebody in p attempts p, whatever     *)
(* attempt brought it there. A quorum that was led to pa since, and has      *)
(* aborted, is overruled by a site that was not there.                       *)
EXTENDS ThreePhaseQuorum

All(reports) == {m \in reports : m.state = "p" \/ \A other \in reports : other.state # "p"}
=============================================================================
