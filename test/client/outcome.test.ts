/** Outcomes. */
import { expect, test } from "vitest";
import { connect, type AbortReason, type Outcome } from "../../client/index.ts";
import { unknown } from "../../client/outcome.ts";
import { abortReasons } from "../../protocols/index.ts";

test("a switch over the kinds is exhaustive", () => {
  const say = (outcome: Outcome): string => {
    switch (outcome.kind) {
      case "committed":
        return outcome.heuristic ? "mixed" : "done";
      case "aborted":
        return outcome.reason;
      case "unknown":
        return outcome.howToAsk;
      case "forgotten":
        return outcome.transaction;
      default:
        return outcome satisfies never;
    }
  };
  expect(say({ kind: "forgotten", transaction: "c.0001.00000001" })).toBe("c.0001.00000001");
});

test("the reasons are the protocols'", () => {
  const reasons: Record<AbortReason, true> = {
    VOTED_NO: true,
    CONFLICT: true,
    EXPECTATION_FAILED: true,
    CONSTRAINT: true,
    STATEMENT_FAILED: true,
    STATEMENT_REFUSED: true,
    LIMIT_EXCEEDED: true,
    TIMEOUT: true,
    IDLE_TIMEOUT: true,
    CANCELLED: true,
    PARTICIPANT_UNREACHABLE: true,
    BRANCH_LOST: true,
    COORDINATOR_RESTARTED: true,
    PRESUMED: true,
    RESOURCE_FAILED: true,
  };
  expect(Object.keys(reasons).toSorted()).toEqual(abortReasons.toSorted());
});

test("unknown says how to ask", () => {
  expect(unknown("c.0001.00000001", "").howToAsk).toContain("c.0001.00000001");
  expect(unknown(null, "").howToAsk).toContain("Nothing was sent");
});

test.each([
  ["another machine's", "192.0.2.1:7410", "ADDRESS_NOT_LOOPBACK"],
  ["none", "7410", "ADDRESS_INVALID"],
])("an address that is %s is refused before anything is sent", (_what, address, reason) => {
  expect(() => connect(address)).toThrow(expect.objectContaining({ reason }));
});

test("a client needs an address, and a call a time", async () => {
  expect(() => connect([])).toThrow(expect.objectContaining({ reason: "INVALID_REQUEST" }));
  const client = connect("127.0.0.1:1");
  await expect(client.submit({ branches: [], timeoutMs: 0 })).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  client.close();
});
