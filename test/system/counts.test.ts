/**
 * What a commit costs, read off the traces of real processes over real links, against the formulas of Gray and Lamport
 * (protocols §B.1, §C.7, §C.8): every N from 2 to 5, F from 0 to 2, on computers of their own and together, begun by a
 * participant and by a client. docs/protocols.md has the figures: `CI=true npx vitest run <this file> -u` writes them.
 */

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { judgeTrace, type Judgement } from "../../lab/index.ts";
import { protocols, type ProtocolName } from "../../protocols/index.ts";
import { countsOf, type Counts } from "../../trace/index.ts";
import { shareOf } from "../support/counted.ts";
import { tracesOf } from "./checks.ts";
import { costOf, placements, topologies, type Placement, type Topology } from "./costs.ts";
import { cellOf, withCosts, type Measured } from "./costs-page.ts";
import { Cluster } from "./processes.ts";

const MOST_BANKS = 5;
const sizes = [2, 3, 4, 5];
const names = Object.keys(protocols) as ProtocolName[];
const page = new URL("../../docs/protocols.md", import.meta.url);

/** `apart`: every node on a computer of its own, but for the leader, which is on the first acceptor's. */
function hostOf(placement: Placement): (name: string) => string {
  return (name) => {
    if (name === "c" || name === "acceptor-1") return placement === "apart" ? "leader" : "computer-1";
    if (placement === "apart") return name;
    const [, kind, which = ""] = /^(bank|acceptor)-(.+)$/.exec(name) ?? [];
    return `computer-${kind === "bank" ? which.charCodeAt(0) - 96 : which}`;
  };
}

function opened(F: number, placement: Placement): Promise<Cluster> {
  return Cluster.open({
    banks: MOST_BANKS,
    acceptors: 2 * F + 1,
    trace: true,
    hostOf: hostOf(placement),
    // Nothing that comes late is to be taken for lost, and sent again.
    coordinatorArgs: [
      "--protocol-unsafe",
      "allowed",
      "--times-vote-ms",
      "30000",
      "--times-acknowledgement-ms",
      "20000",
    ],
    acceptorArgs: ["--times-flush-ms", "20000"],
    participantArgs: ["--times-decision-ms", "30000", "--times-retry-cap-ms", "60000"],
  });
}

const statement = "UPDATE checking SET balance = balance + 1 WHERE customer = ?";

/** Commits at the first N banks. @returns the transaction */
async function committed(cluster: Cluster, topology: Topology, protocol: ProtocolName, N: number): Promise<string> {
  const banks = cluster.banks.slice(0, N).map(({ name }) => name);
  if (topology === "submitted") {
    const branches = banks.map((participant) => ({ participant, operations: [{ sql: statement, parameters: [N] }] }));
    const outcome = await cluster.client.submit({ protocol, branches });
    if (outcome.kind !== "committed") throw new Error(`${protocol}: ${JSON.stringify(outcome)}`);
    return outcome.transaction;
  }
  const [initiator = ""] = banks;
  const transaction = await cluster.client.begin({ protocol, initiator });
  for (const bank of banks) await transaction.on(bank).sql(statement, [N]);
  await transaction.on(initiator).sql(statement, [N], { last: true });
  const outcome = await transaction.commit();
  if (outcome.kind !== "committed") throw new Error(`${protocol}: ${JSON.stringify(outcome)}`);
  return transaction.id;
}

const measured: Measured[] = [];
const faults = process.env["CI"] === "true" ? [0, 1, 2] : [1];
const settings = faults.flatMap((F) => placements.map((placement) => ({ F, placement })));

describe.each(settings)("F = $F, computers $placement", ({ F, placement }) => {
  let cluster: Cluster;
  const transactions = new Map<string, string>();
  let counts: ReadonlyMap<string, Counts>;
  let judgement: Judgement;
  const rows = topologies.flatMap((topology) =>
    names.flatMap((protocol) =>
      sizes
        .filter((N) => F + 1 <= N)
        .map((N) => ({ topology, protocol, N, F, placement, isAble: isAble(topology, protocol) })),
    ),
  );

  beforeAll(async () => {
    cluster = await opened(F, placement);
    await cluster.start();
    await cluster.meshed();
    for (const { topology, protocol, N } of rows.filter((row) => row.isAble)) {
      transactions.set(`${topology} ${protocol} ${N}`, await committed(cluster, topology, protocol, N));
      await cluster.settled();
    }
    const events = tracesOf(cluster);
    counts = countsOf(events, shareOf);
    judgement = judgeTrace(events);
  });
  afterAll(() => cluster.close());

  const countsFor = (topology: Topology, protocol: ProtocolName, N: number): Counts | undefined =>
    counts.get(transactions.get(`${topology} ${protocol} ${N}`) ?? "");

  test.each(rows.filter(({ isAble }) => isAble))("$protocol, N = $N, $topology", (row) => {
    const counted = countsFor(row.topology, row.protocol, row.N);
    const { messageDelays, ...numbers } = costOf(row);
    expect(counted, JSON.stringify([...(counted?.paper ?? [])])).toMatchObject(numbers);
    expect(messageDelays).toContain(counted?.messageDelays);
    if (counted !== undefined) measured.push({ ...row, cell: cellOf(counted, messageDelays) });
  });

  test("every rule holds in these traces, and all of it is over", () => {
    expect(judgement).toMatchObject({ transactions: transactions.size, violations: [], inDoubt: [], heuristic: [] });
  });

  test.each(topologies)("Paxos Commit with F = 0 is two-phase commit in every column: %s", (topology) => {
    const costs = (protocol: ProtocolName) =>
      sizes
        .filter((N) => F + 1 <= N)
        .map((N) => {
          const { paperMessages, messageDelays, forcedWrites } = countsFor(topology, protocol, N) ?? {};
          return { paperMessages, messageDelays, forcedWrites };
        });
    if (F === 0) expect(costs("paxos-commit")).toEqual(costs("2pc"));
    else expect(costs("paxos-commit")).not.toEqual(costs("2pc"));
  });
});

test("docs/protocols.md says what was measured", async () => {
  expect(measured.length).toBeGreaterThan(0);
  await expect(withCosts(readFileSync(page, "utf8"), measured)).toMatchFileSnapshot(page.pathname);
});

/** No participant begins the commit where none prepares unasked. */
function isAble(topology: Topology, protocol: ProtocolName): boolean {
  return topology === "submitted" || protocols[protocol].unsolicitedVotes;
}
