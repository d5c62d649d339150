/** Three-phase commit with a central site, under two terminations: that of E3PC, which is safe, and the plain one. */

import { coordinatorOf } from "./coordinator.ts";
import { participantOf } from "./participant.ts";
import { plain } from "./plain.ts";
import { quorum } from "./quorum.ts";

export const coordinator = coordinatorOf(quorum);
export const participant = participantOf(quorum);
export const plainCoordinator = coordinatorOf(plain);
export const plainParticipant = participantOf(plain);
