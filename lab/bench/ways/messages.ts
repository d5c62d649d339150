/** Transactions as the public API's messages, and a stub that costs no more than the library's. */

import type { Operation } from "../../../client/index.ts";
import { channelCredentials, CoordinatorStub, operationToProto } from "../../../runtime/link/index.ts";
import type { SqlOperation } from "../../../runtime/values/index.ts";
import type { Planned } from "../transactions.ts";

export function coordinatorStub(address: string): InstanceType<typeof CoordinatorStub> {
  return new CoordinatorStub(address, channelCredentials(null), {
    "grpc.enable_retries": 0,
    "grpc.enable_channelz": 0,
    "grpc.use_local_subchannel_pool": 1,
  });
}

export function branchMessages(branches: Planned["branches"]) {
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
