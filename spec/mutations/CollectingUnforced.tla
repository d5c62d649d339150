------------------------ MODULE CollectingUnforced ------------------------
(* Planted error, presumed commit: PREPARE leaves before the record that     *)
(* votes are collected is durable. The coordinator gives up and tells its    *)
(* client so, and a crash takes the record. A participant that prepares on   *)
(* the late PREPARE asks, and silence means COMMIT. (To drop this forced     *)
(* write was tried; Lampson and Lomet's "new presumed commit" shows what has *)
(* to be remembered instead.)                                                *)
EXTENDS TwoPhaseLogs

Later(kind) == kind # "collecting"
=============================================================================
