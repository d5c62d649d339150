/** Machines wrapped in the registry for the length of a test: planted bugs, and listeners. */

import {
  type AcceptorRecord,
  type CoordinatorRecord,
  type Machine,
  type ParticipantRecord,
  type Protocol,
  type ProtocolName,
  protocols,
} from "../../protocols/index.ts";

export interface Wrapped {
  readonly coordinator?: (machine: Machine<unknown, CoordinatorRecord>) => Machine<unknown, CoordinatorRecord>;
  readonly participant?: (machine: Machine<unknown, ParticipantRecord>) => Machine<unknown, ParticipantRecord>;
  readonly acceptor?: (machine: Machine<unknown, AcceptorRecord>) => Machine<unknown, AcceptorRecord>;
  /** What the registry says of the protocol, said otherwise. */
  readonly as?: Partial<Omit<Protocol, "coordinator" | "participant">>;
}

/** The protocol with its machines wrapped; the registry keeps the shipped ones. */
export function wrapped(name: ProtocolName, { coordinator, participant, acceptor, as }: Wrapped): Protocol {
  const real: Protocol = { ...protocols[name], ...as };
  return {
    ...real,
    coordinator: coordinator?.(real.coordinator) ?? real.coordinator,
    participant: participant?.(real.participant) ?? real.participant,
    acceptor: real.acceptor === null ? null : (acceptor?.(real.acceptor) ?? real.acceptor),
  };
}

/** Runs `run` with the protocol's machines wrapped. */
export async function withMachines<T>(name: ProtocolName, changes: Wrapped, run: () => Promise<T>): Promise<T> {
  const registry = protocols as Record<ProtocolName, Protocol>;
  const real = registry[name];
  registry[name] = wrapped(name, changes);
  try {
    return await run();
  } finally {
    registry[name] = real;
  }
}
