/** The door: configurations of servers, addresses, planted faults. */

export { formatAddress, isLoopback, parseAddress, type Address } from "./address.ts";
export { noFaults, type Faults } from "./faults.ts";
export { jsonSchemaOf, keysOf, type Key } from "./keys.ts";
export { completeConfig, loadConfig, type Sources } from "./load.ts";
export {
  roles,
  type AcceptorConfig,
  type ConfigInputs,
  type Configs,
  type CoordinatorConfig,
  type ParticipantConfig,
  type Role,
} from "./roles.ts";
export { readGroup, readMember, type NodeAddress } from "./kinds.ts";
export type { LogLevel } from "./shared.ts";
