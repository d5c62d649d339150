/** Calls between the bench and its own processes: what is asked over the channel, and what comes back. */

import type { ChildProcess } from "node:child_process";

interface Call {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

type Return =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly message: string; readonly stack: string } };

/** What the bench's own processes are for. */
export type WorkerRole = "load" | "fan-out" | "storage" | "echo" | "limits";

/** What a process answers to, by name. */
export type Methods = Readonly<Record<string, (argument: never) => unknown>>;

/** In the child: answers calls until the parent goes away. */
export function answerCalls(methods: Methods): void {
  process.on("message", ({ id, method, argument }: Call) => {
    void answer(methods, method, argument).then((returned) => process.send?.({ id, ...returned }));
  });
  process.on("disconnect", () => process.exit());
}

async function answer(methods: Methods, method: string, argument: unknown): Promise<object> {
  try {
    const act = methods[method];
    if (act === undefined) throw new TypeError(`no method ${method}`);
    return { result: await act(argument as never) };
  } catch (thrown) {
    const { message, stack = "" } = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { error: { message, stack } };
  }
}

/** In the parent: one child's calls. */
export class Caller {
  private readonly child: ChildProcess;
  private readonly name: string;
  private readonly open = new Map<number, (returned: Return) => void>();
  private last = 0;

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.child = child;
    child.on("message", (returned: Return) => {
      this.open.get(returned.id)?.(returned);
      this.open.delete(returned.id);
    });
    child.once("exit", (code, signal) => {
      const message = `${name} ended in the middle (${signal ?? `exit ${code}`})`;
      for (const [id, settle] of this.open) settle({ id, error: { message, stack: "" } });
      this.open.clear();
    });
  }

  /** @throws what the method threw, or that the process ended */
  call<R>(method: string, argument: unknown): Promise<R> {
    const id = (this.last += 1);
    return new Promise((resolve, reject) => {
      this.open.set(id, (returned) => {
        if ("result" in returned) resolve(returned.result as R);
        else reject(new Error(`${this.name}: ${returned.error.message}`, { cause: returned.error.stack }));
      });
      this.child.send({ id, method, argument } satisfies Call, (error) => {
        if (error !== null && this.open.delete(id)) reject(error);
      });
    });
  }
}
