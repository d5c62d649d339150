/**
 * Tells participants where the servers are that they have to reach: the acceptors, and each other, for votes and for
 * questions when the coordinator is silent. So a participant is told of coordinators only.
 */

import type { Peer, RosterMember } from "../runtime/link/index.ts";
import type { AcceptorAddress } from "./groups.ts";

export class Roster {
  private acceptors: readonly RosterMember[];
  /** Those that are up: whom to tell, and of whom. One that is down may be anywhere. */
  private readonly participants = new Map<string, RosterMember>();
  private readonly send: (to: string, members: readonly RosterMember[]) => void;

  constructor(acceptors: readonly AcceptorAddress[], send: (to: string, members: readonly RosterMember[]) => void) {
    this.acceptors = membersOf(acceptors);
    this.send = send;
  }

  /** A link came up or went down. A participant that serves nowhere that others can reach is told of others, and nobody of it. */
  changed({ node, role, address }: Peer, isUp: boolean): void {
    if (role !== "participant") return;
    this.participants.delete(node);
    if (!isUp) return;
    const member: RosterMember = { node, role, address };
    if (address !== "") for (const other of this.participants.keys()) this.send(other, [member]);
    const reachable = [...this.participants.values()].filter((each) => each.address !== "");
    this.participants.set(node, member);
    this.send(node, [...this.acceptors, ...reachable]);
  }

  /** These are all that are needed from now on. */
  acceptorsAre(acceptors: readonly AcceptorAddress[]): void {
    this.acceptors = membersOf(acceptors);
    for (const participant of this.participants.keys()) this.send(participant, this.acceptors);
  }
}

function membersOf(acceptors: readonly AcceptorAddress[]): readonly RosterMember[] {
  return acceptors.map(({ node, address }) => ({ node, role: "acceptor", address }));
}
