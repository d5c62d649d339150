/**
 * The service `nemcon.v1.Participant` as a coordinator serves it: work and reads go over the peer link, so
 * that a participant may sit behind a firewall.
 */

import { NemconError } from "../runtime/errors/index.ts";
import { operationsFromProto, services, type ParticipantHandlers, unary } from "../runtime/link/index.ts";
import { packWork } from "../runtime/values/index.ts";
import { outcomeMessage } from "./outcome.ts";
import { resultsOf } from "./results.ts";
import type { Coordinator } from "./wiring.ts";

/** Asks a participant over its link. */
export type Relay = (
  participant: string,
  method: "query" | "list-branches",
  payload: Uint8Array,
  timeoutMs: number,
) => Promise<Uint8Array>;

const DEFAULT_READ_MS = 10_000;

export function participantRelay(coordinator: Coordinator, relay: Relay, operationLimit: number): ParticipantHandlers {
  const known = (participant: string): void => {
    if (coordinator.engine.peer(participant)?.role === "participant") return;
    throw new NemconError(
      "UNKNOWN_PARTICIPANT",
      `No participant is called "${participant}" here. Is it running, in this cluster, with this coordinator in its list?`,
    );
  };
  const { Query, ListBranches } = services.participant;
  return {
    Execute: unary(async ({ transaction, participant, operations, timeoutMs, last }) => {
      const work = packWork(operationsFromProto(operations, participant, operationLimit));
      const executed = await coordinator.execute(transaction, participant, work, timeoutMs, last);
      if (executed.kind === "done") return { results: resultsOf(participant, executed.result) };
      if (executed.kind === "ended") {
        const { answer, result } = executed;
        const outcome = outcomeMessage(transaction, answer);
        if (answer.outcome === "aborted") return { outcome, aborted: outcome };
        return { outcome, results: resultsOf(participant, result) };
      }
      const { reason, detail } = executed;
      return { aborted: outcomeMessage(transaction, { outcome: "aborted", reason, detail, participant: null }) };
    }),
    Query: unary(async (request) => {
      known(request.participant);
      const payload = Query.requestSerialize(request);
      return Query.responseDeserialize(
        Buffer.from(
          await relay(
            request.participant,
            "query",
            payload,
            request.timeoutMs === 0 ? DEFAULT_READ_MS : request.timeoutMs,
          ),
        ),
      );
    }),
    ListBranches: unary(async (request) => {
      known(request.participant);
      const payload = ListBranches.requestSerialize(request);
      return ListBranches.responseDeserialize(
        Buffer.from(await relay(request.participant, "list-branches", payload, DEFAULT_READ_MS)),
      );
    }),
  };
}
