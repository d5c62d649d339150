/**
 * What a commit costs, read off the traces of real processes over real links, against the formulas of Gray and Lamport
 * (protocols §C.7, §C.8): every N from 2 to 5, F from 0 to 2, on computers of their own and together.
 */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { protocols } from "../../protocols/index.ts";
import { shareOf } from "../support/counted.ts";
import { countsOf, type Counts } from "../../trace/index.ts";
import { tracesOf } from "./checks.ts";
import { Cluster } from "./processes.ts";

const inCi = process.env["CI"] === "true";
const MOST_BANKS = 5;

type Placement = "apart" | "together";

/** `apart`: every node on a computer of its own, but for the leader, which is on the first acceptor's. */
function hostOf(placement: Placement): (name: string) => string {
  return (name) => {
    if (name === "c" || name === "acceptor-1") return placement === "apart" ? "leader" : "computer-1";
    if (placement === "apart") return name;
    const [, kind, which = ""] = /^(bank|acceptor)-(.+)$/.exec(name) ?? [];
    return `computer-${kind === "bank" ? which.charCodeAt(0) - 96 : which}`;
  };
}

interface Expected {
  readonly paperMessages: number;
  readonly messageDelays?: number;
  readonly forcedWrites: number;
}

/**
 * A transaction that a client submits to a coordinator: every participant is asked (§C.8, last paragraph). With a
 * participant on the leader's computer it costs what one that this participant begins does.
 */
function submitted(protocol: string, N: number, F: number, placement: Placement): Expected | null {
  const together = placement === "together" ? 1 : 0;
  const others = N - together;
  switch (protocol) {
    case "2pc":
    case "2pc-presumed-nothing":
      return { paperMessages: 3 * others, messageDelays: 3, forcedWrites: N + 1 };
    // Its collecting record is forced, too (§A.2).
    case "2pc-presumed-commit":
      return { paperMessages: 3 * others, messageDelays: 3, forcedWrites: N + 2 };
    case "paxos-commit":
      return {
        paperMessages: others * (F + 3) + F,
        // With one acceptor, which is on the leader's computer, it is two-phase commit (§C.9).
        // So is the commit of two, each of which has an acceptor beside it.
        messageDelays: F === 0 || (placement === "together" && N === 2) ? 3 : 4,
        forcedWrites: N + F + 1,
      };
    case "paxos-commit-fast":
      return { paperMessages: others * (2 * F + 3), messageDelays: 3, forcedWrites: N + F + 1 };
    case "3pc":
      // The coordinator and the participant beside it are two of three sites, which decide without the other one:
      // whether it has acknowledged by then is chance.
      if (placement === "together" && N === 2) return { paperMessages: 5 * others, forcedWrites: 2 * N + 2 };
      return { paperMessages: 5 * others, messageDelays: 5, forcedWrites: 2 * N + 2 };
    case "3pc-plain":
      return { paperMessages: 5 * others, messageDelays: 5, forcedWrites: 2 * N + 2 };
    default:
      return null;
  }
}

const faults = inCi ? [0, 1, 2] : [1];
const placements: Placement[] = ["apart", "together"];
const settings = faults.flatMap((F) => placements.map((placement) => ({ F, placement })));

describe.each(settings)("F = $F, computers $placement", ({ F, placement }) => {
  let cluster: Cluster;
  const transactions = new Map<string, string>();
  let counts: ReadonlyMap<string, Counts>;

  beforeAll(async () => {
    cluster = await Cluster.open({
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
    await cluster.start();
    await cluster.meshed();
    for (const protocol of Object.keys(protocols))
      for (let N = 2; N <= MOST_BANKS; N += 1) {
        const branches = cluster.banks.slice(0, N).map(({ name }) => ({
          participant: name,
          operations: [{ sql: "UPDATE checking SET balance = balance + 1 WHERE customer = ?", parameters: [N] }],
        }));
        const outcome = await cluster.client.submit({ protocol, branches });
        if (outcome.kind !== "committed") throw new Error(`${protocol}: ${JSON.stringify(outcome)}`);
        transactions.set(`${protocol} ${N}`, outcome.transaction);
        await cluster.settled();
      }
    counts = countsOf(tracesOf(cluster), shareOf);
  }, 120_000);
  afterAll(() => cluster.close());

  const rows = Object.keys(protocols).flatMap((protocol) =>
    [2, 3, 4, 5].filter((N) => F + 1 <= N).map((N) => ({ protocol, N })),
  );

  test.each(rows)("$protocol, N = $N, submitted to a coordinator", ({ protocol, N }) => {
    const counted = counts.get(transactions.get(`${protocol} ${N}`) ?? "");
    expect(counted, JSON.stringify([...(counted?.paper ?? [])])).toMatchObject(
      submitted(protocol, N, F, placement) ?? { protocol: "one that has no formula here" },
    );
  });

  test("Paxos Commit with F = 0 is two-phase commit in every column", () => {
    const costs = (protocol: string) =>
      [2, 3, 4, 5].map((N) => {
        const { paperMessages, messageDelays, forcedWrites } =
          counts.get(transactions.get(`${protocol} ${N}`) ?? "") ?? {};
        return { paperMessages, messageDelays, forcedWrites };
      });
    if (F === 0) expect(costs("paxos-commit")).toEqual(costs("2pc"));
    else expect(costs("paxos-commit")).not.toEqual(costs("2pc"));
  });
});
