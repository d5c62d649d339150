/** What stands in a diagram about messages and records: short, and without a character that steers a terminal or a page. */

import type { Of } from "./diagram-order.ts";
import type { Fields } from "./event.ts";

export type Tone = "commit" | "abort" | "plain";

/** Something that a step has done. */
export interface Mark {
  /** answer: what clients are told. */
  readonly kind: "forced" | "written" | "answer";
  readonly text: string;
  readonly tone: Tone;
}

/** Controls, marks of direction and halves of characters are of no use in a label, and of some to an attacker. */
export function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, "\u{FFFD}");
}

/** Fields whose text says what the message is about. */
const telling = ["vote", "decision", "outcome", "answer", "state", "heuristic", "reason"] as const;

/** Its kind and what it says, such as `vote yes`, `2a prepared`, `1a 1.c2`. */
export function messageLabel(message: Fields): string {
  // "decision commit" is a commit.
  const words = message.kind === "decision" ? [] : [message.kind.replace(/^phase-/, "")];
  for (const field of telling) if (typeof message[field] === "string") words.push(message[field]);
  for (const field of ["ballot", "election", "elected"]) words.push(...numberOf(message[field]));
  for (const field of ["proposals", "accepted", "casts"]) words.push(...valuesOf(message, field));
  return clean(words.join(" "));
}

export function messageTone(message: Fields): Tone {
  return toneOf(...[message["decision"], message["outcome"], message["answer"], message["vote"]].map(String));
}

export function toneOf(...words: readonly string[]): Tone {
  if (words.some((word) => word === "commit" || word === "committed")) return "commit";
  if (words.some((word) => word === "abort" || word === "aborted" || word === "no")) return "abort";
  return "plain";
}

/** A ballot or an election; those with the number 0 are everybody's. */
function numberOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const { counter, round, node } = value as Readonly<Record<string, unknown>>;
  const number = counter ?? round;
  return typeof number === "number" && number > 0 ? [`${number}.${String(node)}`] : [];
}

/** What is proposed or accepted, each value once. */
function valuesOf(message: Fields, field: string): string[] {
  const proposals = message[field];
  if (!Array.isArray(proposals)) return [];
  if (message["membership"] === null && field !== "casts") return ["* aborted"];
  const values = proposals.map((each: unknown) => String((each as { value?: unknown } | null)?.value));
  return [...new Set(values)];
}

/**
 * Every record, the outcome with its reason, and what callers are told.
 *
 * @param name what each begins with
 */
export function marksOf({ records, outcome, answers }: Of<"step">, name: string): Mark[] {
  const mark = (kind: Mark["kind"], what: string, tone: Tone): Mark => ({ kind, text: clean(`${name}${what}`), tone });
  return [
    ...records.map(({ kind, forced, decision }) =>
      mark(
        forced ? "forced" : "written",
        decision === undefined ? kind : `${kind} ${decision}`,
        toneOf(decision ?? kind),
      ),
    ),
    ...(outcome === null
      ? []
      : [
          mark(
            outcome.forced ? "forced" : "written",
            [outcome.outcome, outcome.reason].filter((word) => word !== null).join(" "),
            toneOf(outcome.outcome),
          ),
        ]),
    ...[...new Set(answers)].map((answer) => mark("answer", answer, toneOf(answer))),
  ];
}
