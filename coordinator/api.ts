/** The service `nemcon.v1.Coordinator`. */

import type { TransactionId } from "../protocols/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import {
  checkOperations,
  operationsFromProto,
  type BranchMessage,
  type CoordinatorHandlers,
  type SubmitMessage,
  statusOf,
  unary,
} from "../runtime/link/index.ts";
import { countOperations, limits, PACKING, packWork } from "../runtime/values/index.ts";
import { leftMs, outcomeWithin } from "./handlers.ts";
import { transactionMessage } from "./outcome.ts";
import { busyLoop, RefusalPace } from "./pace.ts";
import { serveStream } from "./stream.ts";
import type { Coordinator } from "./wiring.ts";

const PAGE = 100;
const LARGEST_PAGE = 1_000;

export function coordinatorService(coordinator: Coordinator, operationLimit: number): CoordinatorHandlers {
  const pace = new RefusalPace(() => performance.now(), busyLoop());
  const submit = (
    message: SubmitMessage,
    tell: Parameters<Coordinator["submit"]>[1],
    patienceMs = Number.POSITIVE_INFINITY,
  ): TransactionId => coordinator.submit(requestOf(message, operationLimit, patienceMs), tell);
  return {
    Begin: unary(({ protocol, timeoutMs, initiator }) => {
      const begun = coordinator.begin(protocol, timeoutMs, initiator);
      return { transaction: begun.id, protocol: begun.protocol, idleTimeoutMs: begun.idleMs };
    }),
    Commit: unary(async ({ transaction, timeoutMs }, call) => ({
      outcome: await outcomeWithin(call, (tell) => {
        coordinator.commit(transaction, timeoutMs, tell);
        return transaction;
      }),
    })),
    Abort: unary(async ({ transaction }, call) => ({
      outcome: await outcomeWithin(call, (tell) => {
        coordinator.abort(transaction, tell);
        return transaction;
      }),
    })),
    Submit: unary(async (message, call) => ({
      outcome: await outcomeWithin(call, (tell) => submit(message, tell, leftMs(call))),
    })),
    SubmitStream: (stream) => serveStream(coordinator, stream, submit, pace),
    GetTransaction: unary(async ({ transaction }) => ({
      transaction: transactionMessage(await coordinator.status(transaction)),
    })),
    ListTransactions: unary(({ state, pageSize, pageToken }) => {
      const count = pageSize === 0 ? PAGE : Math.min(pageSize, LARGEST_PAGE);
      const { transactions, next } = coordinator.list(state, count, pageToken);
      return { transactions: transactions.map(transactionMessage), nextPageToken: next };
    }),
    WatchTransactions: (stream) => {
      const { transaction: only } = stream.request;
      // A watcher that does not read is let go of, so that it can't fill the server's memory.
      let waiting = 0;
      const end = coordinator.watch((status) => {
        if (only !== "" && status.transaction !== only) return;
        if (waiting >= WATCH_BUFFER) {
          end();
          stream.destroy(
            statusOf(
              new NemconError(
                "OVERLOADED",
                `The watcher was ${WATCH_BUFFER} changes behind. Watch again; changes in between are lost.`,
              ),
            ),
          );
          return;
        }
        waiting += 1;
        stream.write({ transaction: transactionMessage(status) }, () => {
          waiting -= 1;
        });
      });
      for (const status of coordinator.openNow().filter((status) => only === "" || status.transaction === only))
        stream.write({ transaction: transactionMessage(status) });
      stream.on("cancelled", end);
      stream.on("close", end);
      stream.on("error", end);
    },
  };
}

const WATCH_BUFFER = 10_000;

function requestOf(
  message: SubmitMessage,
  operationLimit: number,
  patienceMs: number,
): Parameters<Coordinator["submit"]>[0] {
  const { transaction, protocol, timeoutMs, branches, packing } = message;
  if (packing !== 0 && packing !== PACKING)
    throw new NemconError(
      "INVALID_REQUEST",
      `The operations are packed by version ${packing}, and this coordinator reads ${PACKING}. Send them unpacked, or upgrade it.`,
    );
  return {
    id: transaction === "" ? null : transaction,
    protocol,
    timeoutMs,
    patienceMs,
    branches: branches.map((branch) => ({
      participant: branch.participant,
      work: () => workOf(branch, packing !== 0, operationLimit),
    })),
  };
}

function workOf(branch: BranchMessage, isPacked: boolean, operationLimit: number): Uint8Array {
  const { participant, operations, packedOperations } = branch;
  if (isPacked ? operations.length > 0 : packedOperations.length > 0)
    throw new NemconError(
      "INVALID_REQUEST",
      `The branch of ${participant} has operations in the form that the request's packing does not name: packing ${PACKING} goes with packed_operations, 0 with operations.`,
    );
  if (!isPacked) return fitting(participant, packWork(operationsFromProto(operations, participant, operationLimit)));
  checkOperations(countOperations(packedOperations), participant, operationLimit);
  return fitting(participant, packedOperations);
}

/** One branch's work travels in one message of the peer link. */
function fitting(participant: string, work: Uint8Array): Uint8Array {
  if (work.length <= limits.messageBytes) return work;
  throw new NemconError(
    "MESSAGE_TOO_LARGE",
    `The branch of ${participant} has ${work.length} bytes, and it may have ${limits.messageBytes}. Split the transaction.`,
  );
}
