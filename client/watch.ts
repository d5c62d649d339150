/** Changes of state at all coordinators, as one iterator. */

import type { ServiceError } from "@grpc/grpc-js";
import { services } from "../runtime/link/index.ts";
import type { Coordinators } from "./coordinators.ts";
import type { Deadline } from "./deadline.ts";
import type { Endpoint } from "./endpoint.ts";
import { statusOf, type TransactionStatus } from "./status.ts";

/** @param deadline how long connecting may take; its signal ends the iteration, with its reason */
export async function* watch(
  coordinators: Coordinators,
  transaction: string,
  deadline: Deadline,
): AsyncGenerator<TransactionStatus> {
  const sources = await Promise.all(
    coordinators.mayKnow(transaction).map(({ endpoint }) => source(endpoint, transaction, deadline)),
  );
  const end = (): void => sources.forEach(({ stream }) => stream.cancel());
  deadline.signal?.addEventListener("abort", end, { once: true });
  try {
    const next = new Map<Source, ReturnType<Source["next"]>>();
    for (;;) {
      for (const each of sources) if (!next.has(each)) next.set(each, asked(each));
      const { from, status } = await Promise.race(next.values());
      next.delete(from);
      if (status !== null) yield status;
    }
  } catch (thrown) {
    deadline.signal?.throwIfAborted();
    throw thrown;
  } finally {
    deadline.signal?.removeEventListener("abort", end);
    end();
  }
}

interface Source {
  readonly stream: { cancel(): void };
  next(): Promise<{ readonly from: Source; readonly status: TransactionStatus | null }>;
}

/** Whoever leaves the loop leaves an answer of another source behind, and its error is nobody's. */
function asked(source: Source): ReturnType<Source["next"]> {
  const next = source.next();
  next.catch(() => undefined);
  return next;
}

async function source(endpoint: Endpoint, transaction: string, deadline: Deadline): Promise<Source> {
  const client = await deadline.race(endpoint.connected(), endpoint.address);
  const stream = endpoint.answers(client, services.coordinator.WatchTransactions, { transaction });
  // The iterator takes errors while it is asked; what comes later, such as its own cancelling, is nobody's.
  stream.on("error", () => undefined);
  const messages = (stream as AsyncIterable<MessageOf<typeof stream>>)[Symbol.asyncIterator]();
  const self: Source = {
    stream,
    next: async () => {
      try {
        const { done, value } = await messages.next();
        // A watch has no end of its own: an orderly one is the server's.
        if (done === true) throw endpoint.errorOf(null);
        return { from: self, status: value.transaction === null ? null : statusOf(value.transaction) };
      } catch (thrown) {
        throw isServiceError(thrown) ? endpoint.errorOf(thrown) : thrown;
      }
    },
  };
  return self;
}

type MessageOf<S> = S extends { read(): infer M } ? Exclude<M, undefined> : never;

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && "code" in thrown && "metadata" in thrown;
}
