/**
 * The service `nemcon.v1.Operator`, the same at every node: what waits for a decision that does not come, and what a
 * person may do about it (protocols §0.4). Such an act breaks the protocol, so that it needs a reason, is forced with
 * it by the machine before it takes effect, is reported, and is never taken by a timeout. Acceptors are replaced
 * without breaking anything (acceptor-groups.ts).
 */

import type { NodeId, OperatorAct, TransactionId } from "../protocols/index.ts";
import { listAcceptors, reconfigure, type OperatedGroups } from "./acceptor-groups.ts";
import { isUnattended, type Engine, type PeerRole } from "./engine/index.ts";
import { NemconError } from "./errors/index.ts";
import {
  unary,
  type ForgetAnswer,
  type ForgetMessage,
  type InDoubtMessage,
  type OperatorHandlers,
  type ResolveMessage,
} from "./link/index.ts";
import type { Log } from "./logs/index.ts";
import { checkReason } from "./operator-reason.ts";

/** What a node tells of itself. */
export interface OperatedNode {
  readonly node: NodeId;
  readonly role: PeerRole;
  readonly engine: Engine;
  readonly log: Log;
  readonly isConnected: (node: NodeId) => boolean;
  /** Locks held, in words. */
  readonly locks: (transaction: TransactionId) => readonly string[];
  /** What a live transaction waits for that is not there, in words; "": nothing that this node can see. */
  readonly missing: (transaction: TransactionId) => string;
  /** null: this node begins no transactions. */
  readonly groups: OperatedGroups | null;
}

export function operatorService(operated: OperatedNode): OperatorHandlers {
  const { node, role } = operated;
  return {
    ListInDoubt: unary(() => ({ node, role, transactions: [...waiting(operated), ...unattended(operated)] })),
    Resolve: unary((request) => resolve(operated, request)),
    Forget: unary((request) => forget(operated, request)),
    ListAcceptors: unary(() => listAcceptors(operated)),
    Reconfigure: unary((request) => reconfigure(operated, request)),
  };
}

function* waiting({ node, engine, isConnected, locks, missing }: OperatedNode): Generator<InDoubtMessage> {
  const nowMs = Date.now();
  for (const transaction of engine.liveIds()) {
    const live = engine.live(transaction);
    if (live === undefined || live.view.state === "active") continue;
    const { protocol, view, sinceMs } = live;
    const detail = missing(transaction);
    // What only takes its course is nobody's affair.
    if (view.state !== "in-doubt" && view.state !== "heuristic" && detail === "") continue;
    const coordinator = view.coordinator ?? node;
    yield {
      transaction,
      protocol,
      state: view.state,
      coordinator,
      coordinatorConnected: coordinator === node || isConnected(coordinator),
      participants: [...view.participants],
      forMs: Math.max(0, nowMs - sinceMs),
      locks: [...locks(transaction)],
      detail,
    };
  }
}

/** Rows of what went against a decision, until a person has seen to it. */
function* unattended({ node, role, engine }: OperatedNode): Generator<InDoubtMessage> {
  if (role !== "coordinator") return;
  const nowMs = Date.now();
  for (const [transaction, { protocol, closed, atMs }] of engine.outcomes.entries()) {
    if (closed.outcome !== "heuristic" || closed.until !== "acknowledged") continue;
    yield {
      transaction,
      protocol,
      state: "heuristic",
      coordinator: node,
      coordinatorConnected: true,
      participants: [...closed.participants],
      forMs: Math.max(0, nowMs - atMs),
      locks: [],
      detail: closed.detail,
    };
  }
}

async function resolve(
  operated: OperatedNode,
  { transaction, participant, decision, reason }: ResolveMessage,
): Promise<{ readonly state: string }> {
  check(operated, participant, reason);
  if (decision === "DECISION_UNSPECIFIED")
    throw new NemconError("INVALID_REQUEST", "The request names no decision: commit or abort.");
  const act = decision === "DECISION_COMMIT" ? "force-commit" : "force-abort";
  const before = stateOf(operated, transaction);
  const isStuck = operated.role === "coordinator" ? operated.engine.isLive(transaction) : before === "in-doubt";
  const after = isStuck ? await operate(operated, transaction, act, reason) : before;
  if (after === before)
    throw new NemconError(
      "NOT_IN_DOUBT",
      `${transaction} is ${before} at ${operated.node}: no decision can be forced.`,
    );
  return { state: after };
}

async function forget(
  operated: OperatedNode,
  { transaction, participant, reason }: ForgetMessage,
): Promise<ForgetAnswer> {
  check(operated, participant, reason);
  const before = stateOf(operated, transaction);
  if (isUnattended(operated.engine, operated.role, transaction)) {
    await operate(operated, transaction, "acknowledge", reason);
    if (!isUnattended(operated.engine, operated.role, transaction)) return {};
  }
  throw new NemconError(
    "NOT_HEURISTIC",
    `${transaction} is ${before} at ${operated.node}: there is nothing to forget.`,
  );
}

/** Done when everything that it rests on is durable; gives what the transaction is afterwards. */
async function operate(
  operated: OperatedNode,
  transaction: TransactionId,
  act: OperatorAct,
  reason: string,
): Promise<string> {
  const { node, engine, log } = operated;
  const protocol = engine.live(transaction)?.protocol ?? engine.outcomes.get(transaction)?.protocol;
  if (protocol === undefined)
    throw new NemconError("UNKNOWN_TRANSACTION", `${node} has nothing of a transaction ${transaction}.`);
  await new Promise<void>((done) => engine.operate(transaction, protocol, act, reason, () => done()));
  const state = stateOf(operated, transaction);
  log.warn(
    { transaction, act, reason, state },
    `An operator asked ${node} for ${act} of ${transaction}: it is ${state}`,
  );
  return state;
}

function stateOf({ engine }: OperatedNode, transaction: TransactionId): string {
  return engine.live(transaction)?.view.state ?? engine.outcomes.get(transaction)?.closed.outcome ?? "unknown";
}

function check({ node, role }: OperatedNode, participant: string, reason: string): void {
  if (participant !== "" && participant !== node)
    throw new NemconError(
      "UNKNOWN_PARTICIPANT",
      `This is the ${role} ${node}, and an operator's act is done at the node itself. Ask ${participant} at its own address.`,
    );
  checkReason(reason);
}
