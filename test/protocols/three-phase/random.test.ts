/**
 * Random walks over the machines alone, far more of them than whole worlds allow: agreement under every fault, and an
 * end of everything once the faults stop.
 */
import { expect, test } from "vitest";
import type { ProtocolName } from "../../../protocols/index.ts";
import { type Faults, walk } from "./explore.ts";

const { WALKS } = process.env;
const walks = Number(WALKS ?? 20_000);

function firstFault(protocol: ProtocolName, faults: Faults): string | null {
  for (let seed = 1; seed <= walks; seed += 1) {
    const { fault, steps } = walk(protocol, seed, faults);
    if (fault !== null) return `walk ${seed}: ${fault}\n${steps.join("\n")}`;
  }
  return null;
}

test("3pc agrees and ends whatever is lost, late, copied, suspected or down", () => {
  expect(firstFault("3pc", { network: "asynchronous", crashes: 4 })).toBeNull();
}, 300_000);

test("3pc-plain agrees and ends under crashes and recoveries while silence means death (§B.5)", () => {
  expect(firstFault("3pc-plain", { network: "synchronous", crashes: 3 })).toBeNull();
}, 300_000);

test("3pc-plain is split by false suspicion without any crash, and the walks find it (§B.6)", () => {
  expect(firstFault("3pc-plain", { network: "asynchronous", crashes: 0 })).toContain("split");
}, 300_000);
