/** Each transaction chooses its protocol, by what the registry says of it; what can't run here is refused with its reason. */

import { expect, test } from "vitest";
import { Choice, type ChoiceOptions } from "../../coordinator/choice.ts";
import { protocols, type AcceptorGroup } from "../../protocols/index.ts";
import { NemconError, type Reason } from "../../runtime/errors/index.ts";
import { withMachines } from "../../lab/bugs/machines.ts";

const group: AcceptorGroup = { version: 3, acceptors: ["A1", "A2", "A3"] };

function choice(options: Partial<ChoiceOptions> = {}): Choice {
  return new Choice({
    node: "C",
    defaultProtocol: "2pc",
    allowUnsafe: false,
    groups: { all: () => [], of: () => null },
    isUp: () => true,
    ...options,
  });
}

const [OLD, NEW] = ["C.0001.00000001", "C.0001.00000009"];

function only(one: AcceptorGroup): ChoiceOptions["groups"] {
  return { all: () => [one], of: () => one };
}

function refused(run: () => unknown): readonly [Reason, string] {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof NemconError) return [thrown.reason, thrown.message];
    throw thrown;
  }
  throw new Error("it was taken");
}

const { acceptor } = protocols["paxos-commit"];

test("none named is the default; an unknown one is refused, and the refusal lists what there is", () => {
  expect(choice().named("")).toBe("2pc");
  expect(choice().named("2pc")).toBe("2pc");
  const [reason, message] = refused(() => choice().named("4pc"));
  expect(reason).toBe("UNKNOWN_PROTOCOL");
  for (const name of Object.keys(protocols)) expect(message).toContain(name);
});

test("an unsafe one runs only where that is allowed, and the refusal says why, also as the default", () =>
  withMachines("2pc", { as: { unsafe: "two sites may decide differently" } }, async () => {
    for (const name of ["2pc", ""]) {
      const [reason, message] = refused(() => choice().named(name));
      expect(reason).toBe("PROTOCOL_UNSAFE");
      expect(message).toContain("two sites may decide differently");
      expect(choice({ allowUnsafe: true }).named(name)).toBe("2pc");
    }
  }));

test("one that needs acceptors is refused where none are configured, and gets the group of its id where they are", () =>
  withMachines("2pc", { as: { acceptor } }, async () => {
    const [reason, message] = refused(() => choice().named("2pc"));
    expect(reason).toBe("PROTOCOL_NOT_AVAILABLE");
    expect(message).toMatch(/acceptors/);
    const older = { version: 2, acceptors: ["B1"] };
    const groups = { all: () => [group, older], of: (id: string) => (id < NEW ? older : group) };
    expect(choice({ groups }).named("2pc")).toBe("2pc");
    expect(choice({ groups }).groupFor("2pc", NEW)).toEqual(group);
    expect(choice({ groups }).groupFor("2pc", OLD)).toEqual(older);
  }));

test("acceptors that are up come first, the others keep their places behind them", () =>
  withMachines("2pc", { as: { acceptor } }, async () => {
    const down = new Set(["A1"]);
    const each = choice({ groups: only(group), isUp: (node) => !down.has(node) });
    expect(each.groupFor("2pc", NEW)).toEqual({ version: 3, acceptors: ["A2", "A3", "A1"] });
    down.add("A2").add("A3");
    expect(each.groupFor("2pc", NEW)).toEqual(group);
  }));

test("a protocol without acceptors has no group, also where there is one", () =>
  withMachines("2pc", { as: { acceptor: null } }, async () => {
    expect(choice({ groups: only(group) }).groupFor("2pc", NEW)).toBeNull();
  }));

test("an id of which nothing is known is asked for under a protocol that asks the acceptors, where there are some", () =>
  withMachines("2pc", { as: { acceptor: null } }, async () => {
    expect(choice().ofUnknown()).toBe("2pc");
    const found = choice({ groups: only(group) }).ofUnknown();
    const asking = Object.values(protocols).some((each) => each.acceptor !== null && each.unsafe === null);
    expect(protocols[found].acceptor !== null).toBe(asking);
  }));
