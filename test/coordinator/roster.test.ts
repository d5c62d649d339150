/** Who is told where to find whom, and who of two participants dials. */

import { describe, expect, test } from "vitest";
import { Roster } from "../../coordinator/roster.ts";
import { Neighbours } from "../../participant/neighbours.ts";
import type { Peer, RosterMember } from "../../runtime/link/index.ts";

const peer = (node: string, address: string, role: Peer["role"] = "participant"): Peer => ({
  node,
  role,
  address,
  seen: { log: "log", incarnation: 1, boot: 1, sequence: 1 },
});

describe("a coordinator", () => {
  const acceptors = [{ node: "acceptor-1", address: "127.0.0.1:7430" }];

  function told(): { roster: Roster; said: string[] } {
    const said: string[] = [];
    const roster = new Roster(acceptors, (to, members) =>
      said.push(`${to}: ${members.map(({ node, address }) => `${node}@${address}`).join(" ")}`),
    );
    return { roster, said };
  }

  test("tells a participant of all others, and those that are up of it", () => {
    const { roster, said } = told();
    roster.changed(peer("bank-a", "127.0.0.1:1"), true);
    roster.changed(peer("bank-b", "127.0.0.1:2"), true);
    expect(said).toEqual([
      "bank-a: acceptor-1@127.0.0.1:7430",
      "bank-a: bank-b@127.0.0.1:2",
      "bank-b: acceptor-1@127.0.0.1:7430 bank-a@127.0.0.1:1",
    ]);
  });

  test("sends nobody to a participant that is down, and everybody to it when it is back", () => {
    const { roster, said } = told();
    roster.changed(peer("bank-a", "127.0.0.1:1"), true);
    roster.changed(peer("bank-b", "127.0.0.1:2"), true);
    said.length = 0;
    roster.changed(peer("bank-b", "127.0.0.1:2"), false);
    roster.changed(peer("bank-a", "127.0.0.1:1"), false);
    roster.changed(peer("bank-a", "127.0.0.1:1"), true);
    roster.changed(peer("bank-b", "127.0.0.1:9"), true);
    expect(said).toEqual([
      "bank-a: acceptor-1@127.0.0.1:7430",
      "bank-a: bank-b@127.0.0.1:9",
      "bank-b: acceptor-1@127.0.0.1:7430 bank-a@127.0.0.1:1",
    ]);
  });

  test("sends nobody to a participant that can't be reached, and no acceptor to anybody but by its own list", () => {
    const { roster, said } = told();
    roster.changed(peer("bank-a", ""), true);
    roster.changed(peer("acceptor-9", "127.0.0.1:9", "acceptor"), true);
    roster.changed(peer("bank-b", "127.0.0.1:2"), true);
    expect(said).toEqual([
      "bank-a: acceptor-1@127.0.0.1:7430",
      "bank-a: bank-b@127.0.0.1:2",
      "bank-b: acceptor-1@127.0.0.1:7430",
    ]);
  });

  test("tells of other acceptors at once, and from then on of no earlier ones", () => {
    const { roster, said } = told();
    roster.changed(peer("bank-a", "127.0.0.1:1"), true);
    said.length = 0;
    roster.acceptorsAre([
      { node: "acceptor-2", address: "127.0.0.1:7431" },
      { node: "acceptor-4", address: "127.0.0.1:7433" },
    ]);
    roster.changed(peer("bank-b", ""), true);
    const all = "acceptor-2@127.0.0.1:7431 acceptor-4@127.0.0.1:7433";
    expect(said).toEqual([`bank-a: ${all}`, `bank-b: ${all} bank-a@127.0.0.1:1`]);
  });
});

describe("a participant", () => {
  const member = (node: string, address: string, role: RosterMember["role"] = "participant"): RosterMember => ({
    node,
    role,
    address,
  });

  function dialling(): { neighbours: Neighbours; dialled: string[] } {
    const dialled: string[] = [];
    const neighbours = new Neighbours("bank-b", {
      dial: (address, nodes) => dialled.push(`dial ${nodes.join(" or ")} at ${address}`),
      hangUp: (address) => dialled.push(`hang up ${address}`),
    });
    return { neighbours, dialled };
  }

  test("dials acceptors, and participants whose name comes after its own: two nodes have one link", () => {
    const { neighbours, dialled } = dialling();
    neighbours.take([member("acceptor-1", "x:1", "acceptor"), member("bank-a", "x:2"), member("bank-c", "x:3")]);
    expect(dialled).toEqual(["dial acceptor-1 at x:1", "dial bank-c at x:3"]);
  });

  test("hears the same from several coordinators and dials once; an address that is new replaces the old one", () => {
    const { neighbours, dialled } = dialling();
    neighbours.take([member("bank-c", "x:3")]);
    neighbours.take([member("bank-c", "x:3")]);
    neighbours.take([member("bank-c", "x:4")]);
    expect(dialled).toEqual(["dial bank-c at x:3", "hang up x:3", "dial bank-c at x:4"]);
  });

  test("dials an address for whoever may serve there: its coordinators may not have heard of a successor alike", () => {
    const { neighbours, dialled } = dialling();
    neighbours.take([member("acceptor-3", "x:3", "acceptor")]);
    neighbours.take([member("acceptor-4", "x:3", "acceptor")]);
    expect(dialled.splice(0)).toEqual([
      "dial acceptor-3 at x:3",
      "hang up x:3",
      "dial acceptor-3 or acceptor-4 at x:3",
    ]);
    // Whatever is said, as long as the successor is there; and when it is away, nothing has to be learnt anew.
    neighbours.linked("acceptor-4", true);
    neighbours.take([member("acceptor-3", "x:3", "acceptor")]);
    neighbours.linked("acceptor-4", false);
    neighbours.take([member("acceptor-3", "x:3", "acceptor")]);
    expect(dialled).toEqual([]);
  });

  test("does not give up a link for a successor; it is dialled when the link is down", () => {
    const { neighbours, dialled } = dialling();
    neighbours.take([member("acceptor-3", "x:3", "acceptor")]);
    neighbours.linked("acceptor-3", true);
    neighbours.take([member("acceptor-4", "x:3", "acceptor")]);
    expect(dialled.splice(0)).toEqual(["dial acceptor-3 at x:3"]);
    neighbours.linked("acceptor-3", false);
    expect(dialled).toEqual(["hang up x:3", "dial acceptor-3 or acceptor-4 at x:3"]);
  });

  test("no longer dials a successor's address for one that moved away from it", () => {
    const { neighbours, dialled } = dialling();
    neighbours.take([member("acceptor-3", "x:3", "acceptor"), member("acceptor-4", "x:3", "acceptor")]);
    dialled.length = 0;
    neighbours.take([member("acceptor-3", "x:5", "acceptor")]);
    expect(dialled).toEqual(["hang up x:3", "dial acceptor-4 at x:3", "dial acceptor-3 at x:5"]);
  });

  test("keeps a link that is up, whatever a coordinator says that lost sight of the node; then tries its word", () => {
    const { neighbours, dialled } = dialling();
    neighbours.take([member("bank-c", "x:3")]);
    neighbours.linked("bank-c", true);
    neighbours.take([member("bank-c", "x:4")]);
    expect(dialled).toEqual(["dial bank-c at x:3"]);
    neighbours.linked("bank-c", false);
    expect(dialled.slice(1)).toEqual(["hang up x:3", "dial bank-c at x:4"]);
  });
});
