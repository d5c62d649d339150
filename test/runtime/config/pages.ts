/** docs/configuration.md and the JSON schemas, from the schemas. `vitest -u` writes them anew. */

import { jsonSchemaOf, keysOf, type Key, type Role } from "../../../runtime/index.ts";

/** A list that would make a longer one is written a value a line. */
const LONGEST_LINE = 100;

/** As the formatter of the house lays JSON out: arrays of few simple values on one line. */
export function schemaFile(role: Role): string {
  const text = JSON.stringify(jsonSchemaOf(role), null, 2);
  const short = (all: string, items: string): string => {
    const line = `[${items.replaceAll(/\s*\n\s*/g, " ")}]`;
    return line.length <= LONGEST_LINE ? line : all;
  };
  return `${text.replaceAll(/\[\s+([^[\]{}]*?)\s+\]/g, short)}\n`;
}

function standardOf(key: Key): string {
  if (key.standard === undefined) return "required";
  return `default \`${key.standard}\``;
}

function keyEntry(key: Key): string {
  const choices = key.choices === null ? "" : ` One of ${key.choices.map((choice) => `\`${choice}\``).join(", ")}.`;
  return `- \`${key.name}\` (${standardOf(key)}): ${key.description}${choices}\n`;
}

const examples: Record<Role, string> = {
  coordinator: "node: coordinator-1\ndirectory: data/coordinator-1\ntimes:\n  voteMs: 3000\n",
  participant: "node: bank-a\ndatabase: data/bank-a.db\ncoordinators: [127.0.0.1:7410]\n",
  acceptor: "node: acceptor-1\ndirectory: data/acceptor-1\n",
};

export const exampleFiles: Readonly<Record<Role, string>> = examples;

const head = `# Configuration

A server reads one YAML file (\`--config FILE\`), then \`NEMCON_…\` in its environment, then its flags; what comes later
wins. Each key has one name in three spellings: \`times.voteMs\` in the file is \`NEMCON_TIMES_VOTE_MS\` in the environment
and \`--times-vote-ms\` as a flag. Lists are separated by commas outside the file.

An unknown key or a wrong value stops the server before it does anything (exit code 78); the message names every fault
with its file, line and column. \`nemcon doctor --config FILE --role ROLE\` checks a file without starting a server.

Durations and sizes are whole numbers, with their unit at the end of the key's name. A relative path in a file starts at
that file, elsewhere at the working directory. Servers listen on loopback only: nothing protects the connection yet.

Editors that know JSON schema help with the keys when a file begins with
\`# yaml-language-server: $schema=…/docs/schema/coordinator.schema.json\` (or the one of another role).
`;

function section(role: Role): string {
  const title = `${role.charAt(0).toUpperCase()}${role.slice(1)}`;
  return `## ${title}\n\n\`\`\`yaml\n${examples[role]}\`\`\`\n\n${keysOf(role).map(keyEntry).join("")}`;
}

export function configurationPage(): string {
  return [head, section("coordinator"), section("participant"), section("acceptor")].join("\n");
}
