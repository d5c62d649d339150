/**
 * Other acceptors for the transactions to come (protocols §E.4), while the coordinator runs. They are dialled first: a
 * wrong name or address would otherwise be in the journal, and no vote would find its way. And the links that groups
 * of acceptors need are kept for as long as a transaction may have such a group.
 */

import { quorumOf, type NodeId } from "../protocols/index.ts";
import type { PeerRole } from "../runtime/engine/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import type { AcceptorAddress } from "./groups.ts";
import type { Linked } from "./linked.ts";
import type { Coordinator } from "./wiring.ts";

export interface ReconfigurationOptions {
  readonly coordinator: Pick<Coordinator, "checkReconfigurable" | "reconfigure" | "groups">;
  readonly linked: Pick<Linked, "has" | "missingAfter">;
  readonly links: { dial(address: string, node: NodeId): void; hangUp(address: string): void };
  /** What a node has linked as; undefined: it never has. */
  readonly roleOf: (node: NodeId) => PeerRole | undefined;
  /** How long those that are new may take to link, in milliseconds. */
  readonly waitMs: number;
}

export class Reconfiguration {
  private readonly options: ReconfigurationOptions;
  /** By address. */
  private readonly dialled = new Map<string, NodeId>();
  /** Those that are tried. */
  private tried: readonly AcceptorAddress[] = [];
  private last: Promise<unknown> = Promise.resolve();

  constructor(options: ReconfigurationOptions) {
    this.options = options;
  }

  /** Keeps links to the acceptors that are needed, and to no others: at the start, and whenever groups come and go. */
  follow(): void {
    const { coordinator, links } = this.options;
    const wanted = new Map<string, NodeId>();
    const placed = new Set<NodeId>();
    for (const { node, address } of [...this.tried, ...coordinator.groups.members()]) {
      if (placed.has(node) || wanted.has(address)) continue;
      placed.add(node);
      wanted.set(address, node);
    }
    for (const [address, node] of this.dialled)
      if (wanted.get(address) !== node) {
        links.hangUp(address);
        this.dialled.delete(address);
      }
    for (const [address, node] of wanted)
      if (!this.dialled.has(address)) {
        this.dialled.set(address, node);
        links.dial(address, node);
      }
  }

  /**
   * Makes these the acceptors of transactions that are begun from now on; one such act after the other.
   *
   * @param reason the operator's own words
   * @returns whether anything is different; it is in the journal then
   * @throws NemconError ACCEPTOR_UNREACHABLE, INVALID_REQUEST, PROTOCOL_NOT_AVAILABLE, SHUTTING_DOWN; nothing is changed then
   */
  to(acceptors: readonly AcceptorAddress[], reason: string): Promise<boolean> {
    const turn = this.last.then(() => this.act(acceptors, reason));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async act(acceptors: readonly AcceptorAddress[], reason: string): Promise<boolean> {
    const { coordinator } = this.options;
    coordinator.checkReconfigurable();
    this.checkPlaces(acceptors);
    this.tried = acceptors;
    this.follow();
    try {
      await this.checkLinked(acceptors);
      return coordinator.reconfigure(acceptors, reason);
    } finally {
      this.tried = [];
      this.follow();
    }
  }

  /** A link that is up is not given up for a try. */
  private checkPlaces(acceptors: readonly AcceptorAddress[]): void {
    const { linked, roleOf } = this.options;
    for (const { node, address } of acceptors) {
      this.checkRole(node, roleOf(node));
      for (const [place, who] of this.dialled) {
        if (!linked.has(who) || (place === address) === (who === node)) continue;
        throw new NemconError(
          "INVALID_REQUEST",
          place === address
            ? `${who} serves at ${address} and is linked: ${node} can't be there. Nothing was changed.`
            : `${node} is linked, and it is at ${place}, not at ${address}. Nothing was changed.`,
        );
      }
    }
  }

  /** Those that are new, all of them, and a quorum. */
  private async checkLinked(acceptors: readonly AcceptorAddress[]): Promise<void> {
    const { coordinator, linked, roleOf, waitMs } = this.options;
    // Of older groups some may be lost, and named by mistake.
    const current = coordinator.groups.entries()[0]?.acceptors ?? [];
    const isKnown = ({ node, address }: AcceptorAddress): boolean =>
      current.some((each) => each.node === node && each.address === address);
    const fresh = acceptors.filter((each) => !isKnown(each));
    const names = fresh.map(({ node }) => node);
    const away = await linked.missingAfter(names, names.length, waitMs);
    if (away.length > 0) {
      const places = fresh
        .filter(({ node }) => away.includes(node))
        .map(({ node, address }) => `${node} at ${address}`);
      throw new NemconError(
        "ACCEPTOR_UNREACHABLE",
        `No link to ${places.join(", ")} within ${waitMs / 1_000} s. Is it running there, under this name, with a directory of its own? The coordinator's log says what it met. Nothing was changed.`,
      );
    }
    for (const name of names) this.checkRole(name, roleOf(name));
    const all = acceptors.map(({ node }) => node);
    const needed = quorumOf({ version: 0, acceptors: all });
    const missing = await linked.missingAfter(all, needed, waitMs);
    if (all.length - missing.length < needed)
      throw new NemconError(
        "ACCEPTOR_UNREACHABLE",
        `${all.length - missing.length} of these ${all.length} acceptors are linked, and ${needed} are needed: no link to ${missing.join(", ")}. Nothing was changed.`,
      );
  }

  private checkRole(node: NodeId, role: PeerRole | undefined): void {
    if (role === undefined || role === "acceptor") return;
    throw new NemconError("INVALID_REQUEST", `${node} is a ${role}, and no acceptor. Nothing was changed.`);
  }
}
