/** The machines of Paxos Commit, and of its faster form (Gray, Lamport 2006; protocols §C). */

export { acceptor, fastAcceptor } from "./acceptor.ts";
export { coordinator, fastCoordinator } from "./coordinator.ts";
export { participant } from "./participant.ts";
