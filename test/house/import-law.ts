/** The import law of the house as a table, and a reading of sources against it that shares nothing with the linter. */
import { posix } from "node:path";

/** Path from the root, with forward slashes, to source. */
export type Sources = ReadonlyMap<string, string>;

interface Row {
  /** Rooms it may import, by their doors. "leaf" is every folder of runtime that has no row of its own. */
  readonly rooms: readonly string[] | "any";
  readonly packages: RegExp;
}

const none = /^$/;
const any = /^/;
const roles = ["coordinator", "participant", "acceptor"];
const servers = ["protocols", "trace", "runtime", "leaf", "runtime/engine", "runtime/journal", "runtime/link"];

const law: Readonly<Record<string, Row>> = {
  protocols: { rooms: [], packages: none },
  trace: { rooms: [], packages: none },
  leaf: { rooms: ["leaf"], packages: /^node:/ },
  "runtime/engine": { rooms: ["protocols", "trace", "leaf"], packages: none },
  "runtime/journal": { rooms: ["protocols", "leaf", "runtime/engine"], packages: /^(node:|better-sqlite3$)/ },
  "runtime/link": { rooms: ["protocols", "leaf", "runtime/engine"], packages: /^(node:|@grpc\/|grpc-)/ },
  "runtime/config": { rooms: ["protocols", "leaf"], packages: /^(node:|yaml$|zod$)/ },
  "runtime/logs": { rooms: ["leaf"], packages: /^(node:|pino$)/ },
  runtime: { rooms: [...servers, "runtime/config", "runtime/logs"], packages: any },
  coordinator: { rooms: servers, packages: any },
  participant: { rooms: servers, packages: any },
  acceptor: { rooms: servers, packages: any },
  client: { rooms: ["leaf", "runtime/link"], packages: any },
  // Of each role its wiring, which knows no gRPC and no SQLite.
  lab: {
    rooms: ["protocols", "trace", "leaf", "runtime/engine", "client", ...roles],
    packages: /^(node:|better-sqlite3$)/,
  },
  // Starts servers as processes, and measures what they are compared with over the same stack.
  "lab/bench": {
    rooms: ["protocols", "leaf", "runtime/engine", "runtime/journal", "runtime/link", "client", "lab"],
    packages: /^(node:|better-sqlite3$|@grpc\/grpc-js$)/,
  },
  // For users' tests: a cluster of the lab on the participant's own database, and a client without a connection.
  testing: {
    rooms: ["protocols", "trace", "leaf", "runtime/engine", "runtime/journal", "participant", "client", "lab"],
    packages: /^(node:|better-sqlite3$)/,
  },
  cli: { rooms: [...servers, "coordinator", "participant", "acceptor", "client", "lab", "lab/bench"], packages: any },
  tools: { rooms: [], packages: any },
  test: { rooms: "any", packages: any },
};

/** What a file must not reach by any chain of imports. */
const unreachable: readonly { readonly from: RegExp; readonly packages: RegExp }[] = [
  { from: /^protocols\//, packages: any },
  { from: /^trace\//, packages: any },
  { from: /^runtime\/engine\//, packages: /^(@grpc\/|grpc-|better-sqlite3|pino)/ },
  { from: /^[a-z]+\/wiring\.ts$/, packages: /^(@grpc\/|grpc-|better-sqlite3)/ },
  { from: /^client\//, packages: /^better-sqlite3/ },
  { from: /^lab\/simulate\//, packages: /^(@grpc|better-sqlite3|pino)/ },
];

/** One line for each violation; none when the law holds. */
export function violations(sources: Sources): string[] {
  const imports = new Map([...sources].map(([file, source]) => [file, importsOf(file, source)]));
  return [
    ...[...imports].flatMap(([file, targets]) => targets.flatMap((target) => forbidden(file, target))),
    ...unreachable.flatMap((row) => reached(imports, row.from, row.packages)),
    ...cycles(imports),
  ];
}

/** Relative imports as paths from the root, packages by their name; `import type` counts like any other. */
function importsOf(file: string, source: string): string[] {
  const code = source.replaceAll(/^\s*\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
  const specifiers = [...code.matchAll(/(?<!\.)\b(?:from|import|import\s*\(|require\s*\()\s*["']([^"'\n]+)["']/g)].map(
    (m) => m[1] ?? "",
  );
  return specifiers.map((name) => (name.startsWith(".") ? posix.join(posix.dirname(file), name) : name));
}

function isFile(target: string): boolean {
  return target.endsWith(".ts");
}

function roomOf(file: string): string {
  const [top = "", inner = "", rest] = file.split("/");
  return rest !== undefined && (top === "runtime" || `${top}/${inner}` in law) ? `${top}/${inner}` : top;
}

function rowOf(room: string): string {
  return room.startsWith("runtime/") && !(room in law) ? "leaf" : room;
}

function forbidden(file: string, target: string): string[] {
  const [from, to] = [roomOf(file), roomOf(target)];
  const row = law[rowOf(from)];
  if (row === undefined) return [`${file}: the room ${from} has no row in the law`];
  if (!isFile(target))
    return row.packages.test(target) ? [] : [`${file}: ${from} may not import the package ${target}`];
  if (from === to || row.rooms === "any") return [];
  if (!row.rooms.includes(rowOf(to))) return [`${file}: ${from} may not import ${to}`];
  // A planted bug changes a machine from outside, and has to know its inside.
  if (file.startsWith("lab/bugs/") && to === "protocols") return [];
  // What a client makes of an answer, without what brings it.
  if (from === "testing" && to === "client") return [];
  const door = from === "lab" && roles.includes(to) ? "wiring.ts" : "index.ts";
  return target === `${to}/${door}` ? [] : [`${file}: ${target} is not a door of ${to}`];
}

function reached(imports: ReadonlyMap<string, string[]>, from: RegExp, packages: RegExp): string[] {
  return [...imports.keys()]
    .filter((file) => from.test(file))
    .flatMap((start) => {
      const seen = new Set([start]);
      // A set grows while it is walked, so this visits everything that the start reaches.
      for (const file of seen) for (const target of imports.get(file) ?? []) seen.add(target);
      const found = [...seen].filter((target) => !isFile(target) && packages.test(target));
      return found.map((name) => `${start}: reaches the package ${name}`);
    });
}

function cycles(imports: ReadonlyMap<string, string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push(`${[...path.slice(path.indexOf(file)), file].join(" -> ")}: a cycle`);
    if (done.has(file) || path.includes(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return found;
}
