/** The acceptors of a coordinator's transactions: for people, and as JSON. */

import type { NodeAddress } from "../../runtime/index.ts";
import type { AcceptorGroupMessageRead } from "../../runtime/link/index.ts";
import type { Json } from "../json.ts";
import { table } from "../output.ts";

interface Listed {
  readonly node: string;
  readonly groups: readonly AcceptorGroupMessageRead[];
}

export function acceptorsJson({ node, groups }: Listed): { readonly [key: string]: Json } {
  return {
    node,
    groups: groups.map(({ version, from, acceptors, reason, atMs, open, held, unknown }, at) => ({
      version,
      current: at === 0,
      from,
      acceptors: acceptors.map(({ node: name, address, linked }) => ({ node: name, address, linked })),
      reason,
      atMs: Number(atMs),
      open,
      held,
      unknown,
    })),
  };
}

export function acceptorsText({ node, groups }: Listed): string {
  if (groups.length === 0) return `${node} has no acceptors.`;
  const rows = groups.map((group, at) => [
    String(group.version),
    keptBy(group, at === 0),
    new Date(Number(group.atMs)).toISOString(),
    group.reason === "" ? "the configuration" : `an operator: ${JSON.stringify(group.reason)}`,
    group.acceptors.map(acceptorText).join(", "),
  ]);
  return `At ${node}:\n${table(["VERSION", "NEEDED FOR", "SINCE", "NAMED BY", "ACCEPTORS"], rows)}`;
}

/** Read before it is done. */
export function reconfigureText({ node, groups }: Listed, named: readonly NodeAddress[]): string | null {
  const [current] = groups;
  if (current === undefined) return null;
  const names = named.map((each) => each.node);
  const [before, after] = [current.acceptors.map((each) => each.node), new Set(names)];
  const going = current.acceptors.filter((each) => !after.has(each.node)).map(acceptorText);
  const coming = names.filter((name) => !before.includes(name));
  const lines = [
    `Transactions that ${node} begins are decided by ${current.acceptors.map(acceptorText).join(", ")}; from now on by ${named.map((each) => `${each.node}@${each.address}`).join(", ")}.`,
    ...(coming.length === 0 ? [] : [`  New: ${coming.join(", ")}.`]),
    ...(going.length === 0 ? [] : [`  No longer used: ${going.join(", ")}.`]),
    `What is under way (${groups.reduce((sum, { open }) => sum + open, 0)} now) finishes with the acceptors that it has: keep those that live running until they are needed no more.`,
    "Do the same at each coordinator, and put the same acceptors into its configuration.",
  ];
  return lines.join("\n");
}

function keptBy({ open, held, unknown }: AcceptorGroupMessageRead, isCurrent: boolean): string {
  const parts = [
    ...(isCurrent ? ["new transactions"] : []),
    ...(open > 0 ? [`${open} open`] : []),
    ...(held > 0 ? [`${held} ids that clients hold`] : []),
    ...(unknown ? ["what a crash left unknown"] : []),
  ];
  return parts.length === 0 ? "nothing any more" : parts.join(", ");
}

function acceptorText({ node, address, linked }: AcceptorGroupMessageRead["acceptors"][number]): string {
  return `${node}@${address}${linked ? "" : " (no link)"}`;
}
