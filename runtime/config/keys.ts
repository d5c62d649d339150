/** A role's keys as a list, read off its schema: for the environment, flags, faults and the docs. */

import { z } from "zod";
import { schemas, type Role } from "./roles.ts";

export interface Key {
  /** `times.voteMs` */
  readonly name: string;
  /** `NEMCON_TIMES_VOTE_MS` */
  readonly variable: string;
  /** `--times-vote-ms` */
  readonly flag: string;
  readonly kind: "text" | "number" | "list";
  readonly description: string;
  /** undefined: must be given. */
  readonly standard: string | number | undefined;
  /** The values that it may have, where they are few. */
  readonly choices: readonly string[] | null;
}

function words(name: string): string[] {
  return name.replaceAll(/[A-Z]/g, (letter) => `.${letter.toLowerCase()}`).split(".");
}

function keyOf(name: string, schema: z.ZodType): Key {
  const inner = schema instanceof z.ZodDefault ? schema.unwrap() : schema;
  const standard = schema instanceof z.ZodDefault ? (schema.def.defaultValue as string | number) : undefined;
  return {
    name,
    variable: `NEMCON_${words(name).join("_").toUpperCase()}`,
    flag: `--${words(name).join("-")}`,
    kind: inner instanceof z.ZodNumber ? "number" : inner instanceof z.ZodArray ? "list" : "text",
    description: schema.description ?? "",
    standard,
    choices: inner instanceof z.ZodEnum ? inner.options.map(String) : null,
  };
}

function walk(shape: Readonly<Record<string, unknown>>, prefix: string): Key[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    if (schema instanceof z.ZodPrefault && schema.def.innerType instanceof z.ZodObject)
      return walk(schema.def.innerType.shape, `${prefix}${name}.`);
    return schema instanceof z.ZodType ? [keyOf(prefix + name, schema)] : [];
  });
}

/** Every key of a role, in the order of its schema. */
export function keysOf(role: Role): readonly Key[] {
  return walk(schemas[role].shape, "");
}

/** The JSON schema of a role's file. */
export function jsonSchemaOf(role: Role): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(schemas[role], { io: "input" });
}
