/** What is explored of the shipped machines: one transaction, its nodes, and how much may go wrong. */

import {
  protocols,
  transactionId,
  type AcceptorGroup,
  type Descriptor,
  type NodeId,
  type Protocol,
  type ProtocolName,
} from "../../../protocols/index.ts";

/** How often each may happen in one run. */
export interface Faults {
  /** Of processes. Who is down may come back at any time, which costs nothing. */
  readonly crashes: number;
  readonly losses: number | null;
  /**
   * A message that is in flight is there once more. null, for losses too: as often as they like; then every message stays
   * in flight for good.
   */
  readonly duplicates: number | null;
  /** A node is told that its link to another one that is up is down; it may take that back at any time. */
  readonly suspicions: number;
  /** Timers that fire; null: as often as they like. */
  readonly timers: number | null;
}

export interface Model {
  readonly protocol: ProtocolName;
  /** The registry's machines, or others that a test has bent. */
  readonly machines: Protocol;
  readonly participants: number;
  /** 0: the protocol has none. */
  readonly acceptors: number;
  /** With acceptors another one may finish what the first began. */
  readonly coordinators: number;
  /** The highest ballot or election that anybody may open: each is a new state, and there is no end of them. */
  readonly rounds: number;
  readonly faults: Faults;
  /** The work travels inside PREPARE; else it was done under tokens before. */
  readonly oneShot: boolean;
  /** What the resources may answer. Which of them does is part of the initial state. */
  readonly votes: readonly Vote[];
}

export type Vote = "yes" | "no" | "read-only";
export type Role = "coordinator" | "participant" | "acceptor";

/** The first that `coordinator` gives out. */
export const FIRST = "C";
export const ID = transactionId(FIRST, 1, 1);
/** No id of this incarnation was given out from here on. */
export const END = transactionId(FIRST, 1, 2);

export interface Node {
  readonly name: NodeId;
  readonly role: Role;
}

export const noFaults: Faults = { crashes: 0, losses: 0, duplicates: 0, suspicions: 0, timers: null };

/** The protocol as it ships, with what is left out by default. */
export function modelOf(protocol: ProtocolName, changes: Partial<Model> = {}): Model {
  const machines = changes.machines ?? protocols[protocol];
  return {
    protocol,
    machines,
    participants: 2,
    acceptors: machines.acceptor === null ? 0 : 3,
    coordinators: 1,
    rounds: roundsOf(machines, changes.participants ?? 2),
    faults: noFaults,
    oneShot: machines.oneShot,
    votes: machines.readOnlyVotes ? ["yes", "no", "read-only"] : ["yes", "no"],
    ...changes,
  };
}

export function nodesOf({ coordinators, participants, acceptors }: Model): readonly Node[] {
  const named = (count: number, role: Role, nameOf: (at: number) => NodeId): Node[] =>
    Array.from({ length: count }, (_, at) => ({ name: nameOf(at), role }));
  return [
    ...named(coordinators, "coordinator", (at) => (at === 0 ? FIRST : `${FIRST}${at + 1}`)),
    ...named(participants, "participant", (at) => `P${at + 1}`),
    ...named(acceptors, "acceptor", (at) => `A${at + 1}`),
  ];
}

export function groupOf(nodes: readonly Node[]): AcceptorGroup | null {
  const acceptors = nodes.filter(({ role }) => role === "acceptor").map(({ name }) => name);
  return acceptors.length === 0 ? null : { version: 1, acceptors };
}

/** What the client asks for. */
export function descriptorOf(model: Model, nodes: readonly Node[]): Descriptor {
  const { protocol, oneShot } = model;
  return {
    transaction: ID,
    protocol,
    coordinator: FIRST,
    group: groupOf(nodes),
    initiator: null,
    timeoutMs: 1_000,
    branches: nodes
      .filter(({ role }) => role === "participant")
      .map(({ name: participant }) =>
        oneShot
          ? { participant, token: null, workCount: 0, work: new Uint8Array(1) }
          : { participant, token: { incarnation: 1, number: 1 }, workCount: 1, work: null },
      ),
  };
}

/** Silence is taken for death: timers are right only where nothing is under way any more (protocols §B.5). */
export function isTimed({ machines }: Model): boolean {
  return machines.unsafe !== null;
}

/** Ballot 1 of each leader, election 2 of each site; where sites lead in turn, each of them once. */
function roundsOf({ acceptor, unsafe }: Protocol, participants: number): number {
  if (acceptor !== null) return 1;
  return unsafe === null ? 2 : participants + 1;
}
