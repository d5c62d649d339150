/** Transfers between and inside banks, each with its number in the ledger of every bank that it changes. */

import type { SeededRandom } from "../../lab/index.ts";

export interface Statement {
  readonly sql: {
    readonly statement: string;
    readonly parameters?: { readonly integer: number }[];
    readonly expect?: { readonly rows: number };
  };
}

export interface Branch {
  readonly participant: string;
  readonly operations: Statement[];
}

export interface Transfer {
  readonly number: number;
  readonly what: string;
  readonly interactive: boolean;
  readonly branches: readonly Branch[];
  /** Whose ledger has its number when it is committed, and with which change. */
  readonly changes: ReadonlyMap<string, number>;
  /** Empty: never begun. */
  transaction: string;
  /** null: no outcome was told. */
  told: string | null;
  reason: string;
}

interface Kind {
  readonly what: string;
  readonly changes?: readonly (readonly [bank: string, by: number])[];
  readonly reads?: readonly string[];
  /** A bank where the expectation does not hold. */
  readonly refusedBy?: string;
  readonly interactive?: boolean;
  readonly customers?: readonly [from: number, to: number];
}

const int = (...values: number[]): { integer: number }[] => values.map((integer) => ({ integer }));

/** Within each bank money goes between two customers too, so that one bank alone keeps its sum. */
export function transfer(number: number, kind: Kind): Transfer {
  const { what, changes = [], reads = [], refusedBy = "", interactive = false, customers = [1, 2] } = kind;
  const [from, to] = customers;
  const expect = { rows: 1 };
  const update = "UPDATE checking SET balance = balance + ? WHERE customer = ?";
  const writes = changes.map(([participant, by]) => ({
    participant,
    operations: [
      { sql: { statement: update, parameters: int(by - 1, from), expect } },
      {
        sql: {
          statement: participant === refusedBy ? `${update} AND balance < 0` : update,
          parameters: int(1, to),
          expect,
        },
      },
      { sql: { statement: "INSERT INTO ledger VALUES (?, ?)", parameters: int(number, by) } },
    ],
  }));
  const selects = reads.map((participant) => ({
    participant,
    operations: [{ sql: { statement: "SELECT balance FROM checking WHERE customer = ?", parameters: int(from) } }],
  }));
  return {
    number,
    what,
    interactive,
    branches: [...writes, ...selects],
    changes: new Map(changes),
    transaction: "",
    told: null,
    reason: "",
  };
}

/** One of every kind, over two banks. */
export function oneOfEach(first: number): Transfer[] {
  const both = (by: number): readonly (readonly [string, number])[] => [
    ["bank-a", -by],
    ["bank-b", by],
  ];
  return [
    transfer(first, { what: "two banks", changes: both(5) }),
    transfer(first + 1, { what: "refused by one", changes: both(6), refusedBy: "bank-b" }),
    transfer(first + 2, { what: "one phase", changes: [["bank-a", 0]] }),
    transfer(first + 3, { what: "one phase", changes: [["bank-b", 0]] }),
    transfer(first + 4, { what: "interactive", changes: both(7), interactive: true }),
  ];
}

/** Any kind, over three banks. */
export function anyOne(number: number, random: SeededRandom): Transfer {
  const [a, b, c] = [
    ["bank-a", "bank-b", "bank-c"],
    ["bank-b", "bank-c", "bank-a"],
    ["bank-c", "bank-a", "bank-b"],
  ][random.between(0, 2)] as [string, string, string];
  const from = random.between(1, 50);
  const customers = [from, from + random.between(1, 50)] as const;
  const by = random.between(1, 9);
  const two = [[a, -by] as const, [b, by] as const];
  const kinds: readonly Kind[] = [
    { what: "two banks", changes: two },
    { what: "two banks, one of them read", changes: [[a, 0]], reads: [b] },
    {
      what: "three banks",
      changes: [
        [a, -2 * by],
        [b, by],
        [c, by],
      ],
    },
    { what: "one phase", changes: [[a, 0]] },
    { what: "read only", reads: [a, b] },
    { what: "refused by one", changes: two, refusedBy: b },
    { what: "interactive", changes: two, interactive: true },
  ];
  return transfer(number, { ...(kinds[random.between(0, kinds.length - 1)] ?? { what: "nothing" }), customers });
}
