/** Puts a configuration together: defaults, then the file, then the environment, then flags. */

import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { NemconError } from "../errors/index.ts";
import { isLoopback, parseAddress } from "./address.ts";
import { readEnvironment, readFlags } from "./environment.ts";
import { noFaults, refuseReachableFaults, type Faults } from "./faults.ts";
import { readConfigFile } from "./file.ts";
import { keysOf, type Key } from "./keys.ts";
import { show, type Entry, type Fault, type Layer } from "./layer.ts";
import { schemas, type ConfigInputs, type Configs, type Role } from "./roles.ts";

export interface Sources {
  /** The YAML file; null: none. */
  readonly file: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Texts by key name (`times.voteMs`). */
  readonly flags: Readonly<Record<string, string>>;
  readonly faults?: Faults;
}

const none: Layer = { values: new Map(), faults: [] };

/** Keys whose relative paths start at the file that they stand in. */
const pathKeys: readonly string[] = ["directory", "database", "trace"];

function withPathFrom(file: string, layer: Layer): Layer {
  const values = new Map(layer.values);
  for (const name of pathKeys) {
    const entry = values.get(name);
    if (typeof entry?.value === "string" && entry.value !== "")
      values.set(name, { ...entry, value: resolve(dirname(file), entry.value) });
  }
  return { ...layer, values };
}

function treeOf(values: ReadonlyMap<string, Entry>): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const [name, { value }] of values) {
    const [group, inner] = name.split(".");
    if (group === undefined) continue;
    if (inner === undefined) tree[group] = value;
    else tree[group] = { ...(tree[group] as Record<string, unknown> | undefined), [inner]: value };
  }
  return tree;
}

/** One fault a key and message, however many of the key's rules are broken. */
function faultsOf(
  issues: readonly z.core.$ZodIssue[],
  values: ReadonlyMap<string, Entry>,
  keys: readonly Key[],
  file: string | null,
): Fault[] {
  const faults = new Map<string, Fault>();
  for (const issue of issues) {
    const [group, inner] = issue.path.map(String);
    const key = keys.find(({ name }) => name === group || name === `${group}.${inner}`);
    const name = key?.name ?? issue.path.join(".");
    const entry = values.get(name);
    const wanted = issue.code === "unrecognized_keys" ? `no key ${issue.keys.join(", ")}` : issue.message;
    const fault =
      entry === undefined && key !== undefined && key.standard === undefined
        ? missing(key, wanted, file)
        : { at: entry?.at ?? file ?? "", key: name, message: `expected ${wanted}, got ${show(entry?.value)}` };
    faults.set(`${name} ${wanted}`, fault);
  }
  return [...faults.values()];
}

function missing(key: Key, wanted: string, file: string | null): Fault {
  const place = file === null ? "in a file with --config" : "in the file";
  const message = `missing; expected ${wanted} (give it ${place}, as ${key.flag} or as ${key.variable})`;
  return { at: file ?? "", key: key.name, message };
}

function refuse(role: Role, faults: readonly Fault[]): never {
  const lines = faults.map(
    ({ at, key, message }) => `  ${[at, key, message].filter((part) => part !== "").join(": ")}`,
  );
  const count = faults.length === 1 ? "one fault" : `${faults.length} faults`;
  throw new NemconError(
    "CONFIG_INVALID",
    `The ${role}'s configuration has ${count}:\n${lines.join("\n")}\nEvery key is in docs/configuration.md.`,
  );
}

/**
 * Reads, checks and completes a role's configuration.
 * @throws CONFIG_UNREADABLE, CONFIG_INVALID (with every fault and its place), FAULTS_NOT_ALLOWED,
 * ADDRESS_NOT_LOOPBACK
 */
export function loadConfig<R extends Role>(role: R, sources: Sources): Configs[R] {
  const { file, environment, flags, faults = noFaults } = sources;
  const keys = keysOf(role);
  const layers = [
    file === null ? none : withPathFrom(file, readConfigFile(file, keys)),
    readEnvironment(environment, keys),
    readFlags(flags, keys),
  ];
  const values = new Map(layers.flatMap((layer) => [...layer.values]));
  const parsed = schemas[role].safeParse(treeOf(values));
  const wrong = [
    ...layers.flatMap((layer) => layer.faults),
    ...(parsed.success ? [] : faultsOf(parsed.error.issues, values, keys, file)),
  ];
  if (wrong.length > 0 || !parsed.success) return refuse(role, wrong);
  return finished(parsed.data as unknown as Configs[R], faults);
}

/**
 * The same from a value, for programs and tests that start a server in their own process.
 * @throws CONFIG_INVALID, FAULTS_NOT_ALLOWED, ADDRESS_NOT_LOOPBACK
 */
export function completeConfig<R extends Role>(role: R, input: ConfigInputs[R], faults: Faults = noFaults): Configs[R] {
  const parsed = schemas[role].safeParse(input);
  if (parsed.success) return finished(parsed.data as unknown as Configs[R], faults);
  const values = new Map(
    Object.entries(input).flatMap(([name, value]: [string, unknown]) =>
      value !== null && typeof value === "object" && !Array.isArray(value)
        ? Object.entries(value).map(([inner, leaf]): [string, Entry] => [`${name}.${inner}`, { value: leaf, at: "" }])
        : [[name, { value, at: "" }] satisfies [string, Entry]],
    ),
  );
  return refuse(role, faultsOf(parsed.error.issues, values, keysOf(role), null));
}

function finished<C extends Configs[Role]>(config: C, faults: Faults): C {
  refuseReachableFaults(faults, config.listen);
  if (!isLoopback(parseAddress(config.listen)))
    throw new NemconError(
      "ADDRESS_NOT_LOOPBACK",
      `listen is ${config.listen}, which other machines may reach, and nothing protects it. ` +
        "Listen on 127.0.0.1 or [::1]; names other than localhost are not taken for loopback.",
    );
  const paths = Object.entries(config)
    .filter(([name, value]) => pathKeys.includes(name) && value !== "")
    .map(([name, value]) => [name, resolve(String(value))] as const);
  return { ...config, ...Object.fromEntries(paths), faults };
}
