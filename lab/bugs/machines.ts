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

/** Runs `run` with the protocol's machines wrapped. */
export async function withMachines<T>(name: ProtocolName, wrapped: Wrapped, run: () => Promise<T>): Promise<T> {
  const registry = protocols as Record<ProtocolName, Protocol>;
  const real = registry[name];
  registry[name] = {
    ...real,
    ...wrapped.as,
    coordinator: wrapped.coordinator?.(real.coordinator) ?? real.coordinator,
    participant: wrapped.participant?.(real.participant) ?? real.participant,
    ...(wrapped.acceptor === undefined || real.acceptor === null ? {} : { acceptor: wrapped.acceptor(real.acceptor) }),
  };
  try {
    return await run();
  } finally {
    registry[name] = real;
  }
}
