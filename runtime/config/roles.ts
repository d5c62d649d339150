/** The roles that have a configuration, and its type for each. */

import type { z } from "zod";
import { acceptorSchema } from "./acceptor.ts";
import { coordinatorSchema } from "./coordinator.ts";
import type { Faults } from "./faults.ts";
import { participantSchema } from "./participant.ts";

export const schemas = {
  coordinator: coordinatorSchema,
  participant: participantSchema,
  acceptor: acceptorSchema,
} as const;
export type Role = keyof typeof schemas;
export const roles = Object.keys(schemas) as readonly Role[];

type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;

/** `directory` is absolute. */
export type CoordinatorConfig = Immutable<z.output<typeof coordinatorSchema>> & { readonly faults: Faults };
/** `database` is absolute. */
export type ParticipantConfig = Immutable<z.output<typeof participantSchema>> & { readonly faults: Faults };

/** `directory` is absolute. */
export type AcceptorConfig = Immutable<z.output<typeof acceptorSchema>> & { readonly faults: Faults };

/** The configuration of each role, complete with its defaults. */
export interface Configs {
  readonly coordinator: CoordinatorConfig;
  readonly participant: ParticipantConfig;
  readonly acceptor: AcceptorConfig;
}

/** What one has to write at least: the rest has defaults. */
export interface ConfigInputs {
  readonly coordinator: z.input<typeof coordinatorSchema>;
  readonly participant: z.input<typeof participantSchema>;
  readonly acceptor: z.input<typeof acceptorSchema>;
}
