/** Branches from `--on PARTICIPANT SQL`, with `--parameters` and `--expect-rows` for the statement before. */

import type { Command } from "commander";
import type { Operation } from "../../runtime/values/index.ts";
import { usage } from "../arguments.ts";
import { parametersFromJson, parseJson, type BranchDocument } from "../json.ts";

interface Statement {
  readonly participant: string;
  readonly operation: Operation;
}

/** Takes the options in the order in which they stand. */
export class Branches {
  private readonly statements: Statement[] = [];
  private waiting: string | null = null;

  /** Each --on has two words; commander hands them in one by one. */
  private readonly on = (word: string): Branches => {
    if (this.waiting === null) this.waiting = word;
    else {
      const operation: Operation = { kind: "sql", statement: word, parameters: [], expectRows: null };
      this.statements.push({ participant: this.waiting, operation });
      this.waiting = null;
    }
    return this;
  };

  private change(option: string, change: (operation: Operation) => Operation): Branches {
    const last = this.statements.pop();
    if (last === undefined || this.waiting !== null) throw usage(`${option} belongs after an --on PARTICIPANT SQL.`);
    this.statements.push({ ...last, operation: change(last.operation) });
    return this;
  }

  private readonly parameters = (text: string): Branches =>
    this.change("--parameters", (operation) => ({
      ...operation,
      parameters: parametersFromJson(parseJson(text, "--parameters"), "--parameters"),
    }));

  private readonly expectRows = (text: string): Branches => {
    if (!/^\d{1,15}$/.test(text)) throw usage(`--expect-rows takes a whole number, not "${text}".`);
    return this.change("--expect-rows", (operation) => ({ ...operation, expectRows: Number(text) }));
  };

  /** Adds the three options to a command. */
  static addTo(command: Command): Branches {
    const branches = new Branches();
    command
      .option(
        "--on <participant-sql...>",
        "a participant and one statement for it; again for each further one",
        branches.on,
      )
      .option("--parameters <json>", "of the statement before: a list for ?, an object for :name", branches.parameters)
      .option("--expect-rows <number>", "of the statement before: another number of rows is a no", branches.expectRows);
    return branches;
  }

  /** One branch a participant, statements in their order. */
  taken(): BranchDocument[] {
    if (this.waiting !== null)
      throw usage(`--on takes two words, a participant and a statement; "${this.waiting}" stands alone.`);
    const branches = new Map<string, Operation[]>();
    for (const { participant, operation } of this.statements)
      branches.set(participant, [...(branches.get(participant) ?? []), operation]);
    return [...branches].map(([participant, operations]) => ({ participant, operations }));
  }
}
