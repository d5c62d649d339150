/** Transactions as the public API's messages, and a stub that costs no more than the library's. */

import type { Operation } from "../../../client/index.ts";
import { channelCredentials, CoordinatorStub, operationToProto } from "../../../runtime/link/index.ts";
import type { SqlOperation } from "../../../runtime/values/index.ts";
import type { JobBranch } from "../../index.ts";

/** As the library opens its channels. */
export const clientOptions = {
  "grpc.enable_retries": 0,
  "grpc.enable_channelz": 0,
  "grpc.use_local_subchannel_pool": 1,
  "grpc-node.flow_control_window": 1024 * 1024,
} as const;

export function coordinatorStub(address: string): InstanceType<typeof CoordinatorStub> {
  return new CoordinatorStub(address, channelCredentials(null), clientOptions);
}

export function branchMessages(branches: readonly JobBranch[]) {
  return branches.map(({ participant, operations }) => ({
    participant,
    operations: operations.map((operation) => operationToProto(houseOperation(operation))),
  }));
}

/** Of numbers and texts only. */
export function houseOperation({ sql, parameters = [], expect }: Operation): SqlOperation {
  const values = (parameters as readonly (number | string)[]).map((value) =>
    typeof value === "number" ? BigInt(value) : value,
  );
  return { kind: "sql", statement: sql, parameters: values, expectRows: expect?.rows ?? null };
}
