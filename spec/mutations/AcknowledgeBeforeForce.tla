---------------------- MODULE AcknowledgeBeforeForce ----------------------
(* Planted error, presumed abort: a participant acknowledges COMMIT before   *)
(* its record of it is durable. The coordinator has all acknowledgements and *)
(* forgets. The participant crashes, is in doubt again, asks, and is told    *)
(* what silence means.                                                       *)
EXTENDS TwoPhaseLogs

Later(decision) == FALSE
=============================================================================
