/**
 * Whom a participant dials beside its coordinators: the servers that they tell it of. Of two participants the one whose
 * name comes first dials, so that two nodes have one link.
 */

import type { RosterMember } from "../runtime/link/index.ts";

export interface Dialling {
  dial(address: string): void;
  hangUp(address: string): void;
}

export class Neighbours {
  private readonly addresses = new Map<string, string>();
  private readonly node: string;
  private readonly links: Dialling;

  constructor(node: string, links: Dialling) {
    this.node = node;
    this.links = links;
  }

  /** What a coordinator says; the last word on an address counts. */
  take(members: readonly RosterMember[]): void {
    for (const { node, role, address } of members) {
      const mine = role === "acceptor" || (role === "participant" && this.node < node);
      const known = this.addresses.get(node);
      if (!mine || known === address) continue;
      if (known !== undefined) this.links.hangUp(known);
      this.addresses.set(node, address);
      this.links.dial(address);
    }
  }
}
