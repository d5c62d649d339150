/** Reads `NEMCON_…` variables into a layer. */

import { keysOf, type Key } from "./keys.ts";
import type { Entry, Fault, Layer } from "./layer.ts";
import { roles } from "./roles.ts";
import { suggestion } from "../errors/index.ts";

const PREFIX = "NEMCON_";

/** Variables of the command itself. */
const ours: readonly string[] = ["NEMCON_AT", "NEMCON_COORDINATOR"];

/**
 * Kubernetes and Docker put such variables beside a service called nemcon or nemcon-something: a server
 * that refused them would not start there.
 */
const SERVICE_LINK = /_SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)?$/;

/** A text from the environment or a flag, as the key's kind has it; what is no number stays text and is refused later. */
export function fromText(key: Key, text: string): unknown {
  if (key.kind === "list") return text.split(",").map((item) => item.trim());
  return key.kind === "number" && /^-?\d+$/.test(text) ? Number(text) : text;
}

/** An unknown variable is refused, unless another role has it: processes of a machine may share an environment. */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  keys: readonly Key[],
): Layer {
  const values = new Map<string, Entry>();
  const faults: Fault[] = [];
  const known = new Set([...ours, ...roles.flatMap((role) => keysOf(role).map((key) => key.variable))]);
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || text === undefined) continue;
    const key = keys.find((candidate) => candidate.variable === name);
    if (key !== undefined) values.set(key.name, { value: fromText(key, text), at: name });
    else if (!known.has(name) && !SERVICE_LINK.test(name)) {
      const meant = suggestion(
        name,
        keys.map((candidate) => candidate.variable),
      );
      faults.push({
        at: name,
        key: "",
        message: `unknown variable${meant === null ? "" : `; did you mean ${meant}?`}`,
      });
    }
  }
  return { values, faults };
}

/** Texts by key name, as the command line gave them. */
export function readFlags(flags: Readonly<Record<string, string>>, keys: readonly Key[]): Layer {
  const values = new Map<string, Entry>();
  for (const key of keys) {
    const text = flags[key.name];
    if (text !== undefined) values.set(key.name, { value: fromText(key, text), at: key.flag });
  }
  return { values, faults: [] };
}
