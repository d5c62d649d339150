/**
 * Tells participants where the servers are that they have to reach: the acceptors, and each other, for votes and for
 * questions when the coordinator is silent. So a participant is told of coordinators only.
 */

import type { Peer, RosterMember } from "../runtime/link/index.ts";
import type { AcceptorAddress } from "./groups.ts";

export class Roster {
  private readonly acceptors: Map<string, RosterMember>;
  private readonly participants = new Map<string, RosterMember>();
  /** Participants that are up: whom to tell. */
  private readonly up = new Set<string>();
  private readonly send: (to: string, members: readonly RosterMember[]) => void;

  constructor(acceptors: readonly AcceptorAddress[], send: (to: string, members: readonly RosterMember[]) => void) {
    this.acceptors = new Map(acceptors.map(({ node, address }) => [node, { node, role: "acceptor", address }]));
    this.send = send;
  }

  /** A link came up or went down. A participant that serves nowhere that others can reach is told of, and to nobody. */
  changed({ node, role, address }: Peer, isUp: boolean): void {
    if (role !== "participant") return;
    if (!isUp) {
      this.up.delete(node);
      return;
    }
    this.up.add(node);
    const known = this.participants.get(node);
    if (address !== "" && known?.address !== address) {
      const member: RosterMember = { node, role, address };
      this.participants.set(node, member);
      for (const other of this.up) if (other !== node) this.send(other, [member]);
    }
    this.send(
      node,
      [...this.acceptors.values(), ...this.participants.values()].filter((each) => each.node !== node),
    );
  }

  /** These are needed from now on, too. */
  add(acceptors: readonly AcceptorAddress[]): void {
    for (const { node, address } of acceptors) this.acceptors.set(node, { node, role: "acceptor", address });
    for (const participant of this.up) this.send(participant, [...this.acceptors.values()]);
  }
}
