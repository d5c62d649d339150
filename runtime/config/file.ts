/** Reads a YAML file into a layer: every key with its line and column, all faults at once. */

import { readFileSync } from "node:fs";
import { isAlias, isMap, isScalar, LineCounter, parseDocument, type Document, type Node, type YAMLMap } from "yaml";
import { NemconError, suggestion } from "../errors/index.ts";
import type { Key } from "./keys.ts";
import type { Entry, Fault, Layer } from "./layer.ts";
import { show } from "./layer.ts";

/** A configuration is small; this is somebody's database. */
const LARGEST_FILE_BYTES = 1024 * 1024;

function readText(file: string): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > LARGEST_FILE_BYTES)
      throw new NemconError("CONFIG_UNREADABLE", `${file} has ${bytes.length} bytes; that is no configuration file.`);
    return bytes.toString("utf8");
  } catch (error) {
    if (error instanceof NemconError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new NemconError("CONFIG_UNREADABLE", `The configuration file ${file} cannot be read: ${why}.`, {
      cause: error,
    });
  }
}

/** Walks the maps that the schema has groups for; everything below a key is its value. */
class FileReader {
  readonly values = new Map<string, Entry>();
  readonly faults: Fault[] = [];
  private readonly document: Document;
  private readonly place: (offset: number) => string;
  private readonly names: readonly string[];

  constructor(document: Document, place: (offset: number) => string, names: readonly string[]) {
    this.document = document;
    this.place = place;
    this.names = names;
  }

  private at(node: unknown): string {
    const range = (node as Node | null)?.range;
    return this.place(range?.[0] ?? 0);
  }

  private resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.document) : node;
  }

  map(map: YAMLMap, prefix: string): void {
    for (const { key, value } of map.items) {
      const name = prefix + (isScalar(key) ? String(key.value) : String(key));
      const node = this.resolved(value);
      if (this.names.includes(name)) this.leaf(name, node, value ?? key);
      else if (this.names.some((known) => known.startsWith(`${name}.`))) this.group(name, node, value ?? key);
      else this.unknown(name, key);
    }
  }

  private leaf(name: string, node: unknown, where: unknown): void {
    const value: unknown = (node as Node | null)?.toJS(this.document) ?? null;
    this.values.set(name, { value, at: this.at(where) });
  }

  private group(name: string, node: unknown, where: unknown): void {
    if (isMap(node)) return this.map(node, `${name}.`);
    const value: unknown = (node as Node | null)?.toJS(this.document) ?? null;
    // A group whose keys are all commented out is as good as none.
    if (value === null) return;
    const keys = this.names
      .filter((known) => known.startsWith(`${name}.`))
      .map((known) => known.slice(name.length + 1));
    const message = `expected a group with the keys ${keys.join(", ")}, got ${show(value)}`;
    this.faults.push({ at: this.at(where), key: name, message });
  }

  private unknown(name: string, key: unknown): void {
    const meant = suggestion(name, this.names);
    this.faults.push({
      at: this.at(key),
      key: name,
      message: meant === null ? "unknown key" : `unknown key; did you mean ${meant}?`,
    });
  }
}

/**
 * Reads a file as `keys` allow.
 * @throws CONFIG_UNREADABLE where it can't be read or is not YAML, with every place
 */
export function readConfigFile(file: string, keys: readonly Key[]): Layer {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    const found = document.errors.map((error) => `  ${place(error.pos[0])}: ${error.message}`);
    throw new NemconError("CONFIG_UNREADABLE", `The configuration file is not YAML:\n${found.join("\n")}`);
  }
  const reader = new FileReader(
    document,
    place,
    keys.map((key) => key.name),
  );
  const contents: unknown = document.contents;
  if (isMap(contents)) reader.map(contents, "");
  else if (contents !== null && !(isScalar(contents) && contents.value === null)) {
    const message = `expected keys with values, got ${show(document.toJS())}`;
    reader.faults.push({ at: place(0), key: "", message });
  }
  return { values: reader.values, faults: reader.faults };
}
