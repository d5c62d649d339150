/** Random walks over a group of machines: any message late, lost or twice, any crash, any suspicion, any timeout. */

import type { NodeId } from "../../../protocols/index.ts";
import { Seeded } from "../../../lab/simulate/random.ts";
import type { Machines } from "../../../lab/bugs/three-phase.ts";
import { Group } from "./group.ts";
import type { ProtocolName } from "../../../protocols/index.ts";

/** What may happen in a walk. */
export interface Faults {
  readonly crashes: number;
  /**
   * asynchronous: messages are lost, late and copied, and whoever likes suspects whom it likes. synchronous: what is sent
   * to a live site arrives before any timer fires, and only who is down is suspected; a crash may cut a round of sends
   * short.
   */
  readonly network: "asynchronous" | "synchronous";
}

export interface Walked {
  readonly fault: string | null;
  readonly steps: readonly string[];
}

export function walk(
  protocol: ProtocolName | Machines,
  seed: number,
  { network, crashes }: Faults,
  length = 60,
): Walked {
  const random = new Seeded(seed);
  const count = random.between(1, 4);
  const refusing: NodeId[] = random.chance(0.1) ? ["P1"] : [];
  const group = new Group(protocol, count, refusing);
  const steps: string[] = [`${count} participants`];
  let crashesLeft = random.between(0, crashes);
  let copiesLeft = 6;
  const losses = network === "asynchronous";
  group.begin(random.chance(0.3) ? random.pick(group.participants) : null);
  const act = (what: string, run: () => void) => {
    steps.push(what);
    run();
  };
  const names = [...group.sites.keys()];
  for (let step = 0; step < length; step += 1) {
    const what = random.next();
    const name = random.pick(names);
    const site = group.site(name);
    if (what < 0.55 && group.flight.length > 0) {
      const message = random.chance(0.5) ? (group.flight[0] ?? random.pick(group.flight)) : random.pick(group.flight);
      const text = `${message.from} → ${message.to} ${JSON.stringify(message.body)}`;
      const fate = random.next();
      if (losses && fate < 0.1)
        act(`lost: ${text}`, () => (group.flight = group.flight.filter((each) => each !== message)));
      else if (fate < 0.2 && copiesLeft > 0) {
        copiesLeft -= 1;
        act(`copy: ${text}`, () => group.bring(message, true));
      } else act(text, () => group.bring(message));
    } else if (
      what < 0.8 &&
      site.timers.size > 0 &&
      (losses || !group.flight.some(({ to }) => group.site(to).isAlive))
    ) {
      const timer = random.pick([...site.timers]);
      act(`${name} timeout ${timer}`, () => group.timeout(name, timer));
    } else if (what < 0.85) {
      if (crashesLeft > 0 && site.isAlive) {
        crashesLeft -= 1;
        const tail = random.pick(["kept", "lost"] as const);
        act(`${name} crashes, tail ${tail}`, () => group.crash(name, tail));
        const unsent = group.flight.filter(({ from }) => from === name && random.chance(0.3));
        for (const { to, body } of unsent) steps.push(`  unsent: ${body.kind} to ${to}`);
        group.flight = group.flight.filter((each) => !unsent.includes(each));
      }
    } else if (what < 0.92) {
      if (!site.isAlive) act(`${name} recovers`, () => group.recover(name));
    } else if (what < 0.98) {
      const other = random.pick(names);
      const suspected = losses ? random.chance(0.6) : !group.site(other).isAlive;
      if (site.isAlive && site.state !== null && other !== name)
        act(`${name} ${suspected ? "suspects" : "trusts"} ${other}`, () => group.suspect(name, other, suspected));
    } else act("watermark", () => group.watermark());
    const fault = faultOf(group);
    if (fault !== null) return { fault, steps };
  }
  act("all faults stop", () => group.heal());
  const open = names.filter((name) => group.site(name).state !== null);
  const fault =
    faultOf(group) ??
    (open.length > 0 ? `still open at ${open.map((name) => `${name} (${group.shown(name)})`).join(", ")}` : null);
  return { fault, steps };
}

function faultOf(group: Group): string | null {
  if (group.isSplit)
    return `split: ${[...group.outcomes].map(([node, each]) => `${node} ${[...each].join("+")}`).join(", ")}`;
  return group.alarms[0] ?? null;
}
