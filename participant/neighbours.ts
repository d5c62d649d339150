/**
 * Whom a participant dials beside its coordinators: the servers that they tell it of. Of two participants the one whose
 * name comes first dials, so that two nodes have one link.
 *
 * Coordinators need not agree on who serves at an address: one that was not told of it yet still says that a lost
 * acceptor is where its successor is. Then either may answer.
 */

import type { RosterMember } from "../runtime/link/index.ts";

export interface Dialling {
  /** @param nodes who may serve there */
  dial(address: string, nodes: readonly string[]): void;
  hangUp(address: string): void;
}

export class Neighbours {
  /** Where a node is, by the last word on it. */
  private readonly heard = new Map<string, string>();
  /** By address: who may serve there. */
  private readonly dialled = new Map<string, readonly string[]>();
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
      const before = this.heard.get(node);
      this.heard.set(node, address);
      if (before !== undefined) this.settle(before);
      this.settle(address);
    }
  }

  /** A link came up or went down. */
  linked(node: string, isUp: boolean): void {
    if (isUp) {
      this.up.add(node);
      return;
    }
    this.up.delete(node);
    const places = [...this.dialled].filter(([, nodes]) => nodes.includes(node)).map(([address]) => address);
    const heard = this.heard.get(node);
    for (const address of heard === undefined ? places : [...places, heard]) this.settle(address);
  }

  /** A link that is up stays: a coordinator that lost sight of a node may tell where it was. */
  private settle(address: string): void {
    const before = this.dialled.get(address) ?? [];
    if (before.some((node) => this.up.has(node))) return;
    const nodes = [...this.heard].filter(([node, at]) => at === address && !this.up.has(node)).map(([node]) => node);
    if (nodes.length === before.length && nodes.every((node) => before.includes(node))) return;
    if (before.length > 0) this.links.hangUp(address);
    this.dialled.delete(address);
    if (nodes.length === 0) return;
    this.dialled.set(address, nodes);
    this.links.dial(address, nodes);
  }
}
