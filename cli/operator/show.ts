/** What waits for a decision, and what an act against the protocol breaks: for people, and as JSON. */

import type { InDoubtMessageRead, ListInDoubtAnswerRead } from "../../runtime/link/index.ts";
import type { Json } from "../json.ts";
import { table } from "../output.ts";

export function inDoubtJson({ node, role, transactions }: ListInDoubtAnswerRead): Json {
  return {
    node,
    role,
    transactions: transactions.map(({ forMs, ...each }) => ({ ...each, forMs: Number(forMs) })),
  };
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function coordinatorText({ coordinator, coordinatorConnected }: InDoubtMessageRead): string {
  return `${coordinator} (${coordinatorConnected ? "linked" : "no link"})`;
}

export function inDoubtText({ node, role, transactions }: ListInDoubtAnswerRead): string {
  if (transactions.length === 0) return `Nothing waits for a decision at the ${role} ${node}.`;
  const rows = transactions.map((each) => [
    each.transaction,
    each.state,
    each.protocol,
    duration(Number(each.forMs)),
    coordinatorText(each),
    [each.detail, ...each.locks].filter((part) => part !== "").join("; "),
  ]);
  return `At the ${role} ${node}:\n${table(["TRANSACTION", "STATE", "PROTOCOL", "FOR", "COORDINATOR", "WHAT"], rows)}`;
}

/** Read before it is done. */
export function actText(
  act: "commit" | "abort" | "forget",
  answer: ListInDoubtAnswerRead,
  found: InDoubtMessageRead,
): string {
  const { node, role } = answer;
  const { transaction, state, protocol, participants, forMs, locks, detail, coordinatorConnected, coordinator } = found;
  const lines = [
    `${transaction} (${protocol}) is ${state} at the ${role} ${node} for ${duration(Number(forMs))}; coordinator ${coordinatorText(found)}; participants ${participants.join(", ")}.`,
  ];
  if (detail !== "") lines.push(`  ${detail}`);
  if (locks.length > 0) lines.push(`  It holds ${locks.join("; ")}.`);
  if (act === "forget") {
    lines.push(
      `Its record is all that says that somebody ended the transaction against the protocol. Forget it when the data of ${participants.join(", ")} is as it should be.`,
    );
    return lines.join("\n");
  }
  if (role === "coordinator") {
    const says = act === "commit" ? "committed" : "aborted";
    lines.push(
      `This breaks the promise of ${protocol}: ${node} tells its clients that the transaction is ${says}, whatever its sites decide, and takes no part in that any more. It ends no branch: do that at the participants that are left, each at its own address.`,
    );
    return lines.join("\n");
  }
  lines.push(
    `This breaks the promise of ${protocol}: ${node} ${act === "commit" ? "commits" : "rolls back"} whatever the others do. If the decision is, or was, the other one, the data of ${participants.join(", ")} disagrees from then on, and nothing but people can mend it. End it the same way at every participant that is left.`,
  );
  if (coordinatorConnected && role === "participant")
    lines.push(`${coordinator} is linked: it will tell its decision by itself. Wait for it.`);
  return lines.join("\n");
}
