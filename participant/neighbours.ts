/**
 * Whom a participant dials beside its coordinators: the servers that they tell it of. Of two participants the one whose
 * name comes first dials, so that two nodes have one link.
 */

import type { RosterMember } from "../runtime/link/index.ts";

export interface Dialling {
  dial(address: string, node: string): void;
  hangUp(address: string): void;
}

export class Neighbours {
  /** Where a node is, by the last word on it. */
  private readonly heard = new Map<string, string>();
  private readonly dialled = new Map<string, string>();
  private readonly up = new Set<string>();
  private readonly node: string;
  private readonly links: Dialling;

  constructor(node: string, links: Dialling) {
    this.node = node;
    this.links = links;
  }

  /** What a coordinator says. */
  take(members: readonly RosterMember[]): void {
    for (const { node, role, address } of members) {
      if (role !== "acceptor" && !(role === "participant" && this.node < node)) continue;
      this.heard.set(node, address);
      this.reach(node);
    }
  }

  /** A link came up or went down. */
  linked(node: string, isUp: boolean): void {
    if (isUp) this.up.add(node);
    else this.up.delete(node);
    this.reach(node);
  }

  /** A link that is up stays: a coordinator that lost sight of a node may tell where it was. */
  private reach(node: string): void {
    const [address, before] = [this.heard.get(node), this.dialled.get(node)];
    if (address === undefined || address === before || this.up.has(node)) return;
    if (before !== undefined) this.links.hangUp(before);
    this.dialled.set(node, address);
    this.links.dial(address, node);
  }
}
