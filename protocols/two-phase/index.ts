/** Two-phase commit with presumed abort. */

export { coordinator } from "./coordinator.ts";
export { participant } from "./participant.ts";
