/** Runs that diagrams are drawn of. */

import type { Fields, TraceEvent } from "../../trace/index.ts";
import { Processes } from "./processes.ts";

const prepare: Fields = { kind: "prepare", participants: ["bank-a", "bank-b"] };
const yes: Fields = { kind: "vote", vote: "yes" };
const commit: Fields = { kind: "decision", decision: "commit" };
const ack: Fields = { kind: "ack", decision: "commit", heuristic: null };

/** Two-phase commit whose coordinator dies when one of two participants has heard of the decision. */
export function deathAfterTheDecision(): TraceEvent[] {
  const all = new Processes("c.0001.00000001");
  all.start("c", "coordinator");
  all.start("bank-a", "participant");
  all.start("bank-b", "participant");
  all.atMs = 1;
  const asked = ["bank-a", "bank-b"].map((bank) => [bank, all.send("c", bank, prepare)] as const);
  for (const [bank, sent] of asked) {
    all.atMs += 2;
    all.receive(bank, "c", prepare, sent);
    all.forces(bank, "prepare");
  }
  for (const bank of ["bank-a", "bank-b"]) {
    all.atMs += 1;
    all.pass(bank, "c", yes);
  }
  all.atMs = 10;
  all.forces("c", "commit", ["committed"]);
  const told = all.send("c", "bank-a", commit);
  all.send("c", "bank-b", commit);
  all.at("c", { kind: "note", text: "the network loses the decision for bank-b, and what comes back from bank-a" });
  all.atMs = 12;
  all.receive("bank-a", "c", commit, told);
  all.ends("bank-a", "committed", true);
  all.send("bank-a", "c", ack);
  all.atMs = 13;
  all.at("c", { kind: "crash", why: "killed after its first forced write" });
  all.atMs = 5_000;
  all.send("bank-b", "c", { kind: "inquire" });
  all.atMs = 6_000;
  all.start("c", "coordinator");
  all.atMs = 6_001;
  const again = ["bank-a", "bank-b"].map((bank) => [bank, all.send("c", bank, commit)] as const);
  for (const [bank, sent] of again) {
    all.atMs += 2;
    all.receive(bank, "c", commit, sent);
    if (bank === "bank-b") all.ends("bank-b", "committed", true);
  }
  const acks = ["bank-a", "bank-b"].map((bank) => [bank, all.send(bank, "c", ack)] as const);
  all.atMs += 1;
  const [, [, twice] = []] = again;
  if (twice !== undefined) all.receive("bank-b", "c", commit, twice);
  for (const [bank, sent] of acks) {
    all.atMs += 1;
    all.receive("c", bank, ack, sent);
  }
  all.ends("c", "committed", false);
  return all.merged;
}
