/** Orders on stdin, a line each: what a person does to a server to see what the others make of it. */

import { createInterface, type Interface } from "node:readline";
import type { Supervisor } from "./supervisor.ts";

export class Orders {
  /** Why a server is neither held nor released now; null: both are done. */
  refusal: string | null;
  private readonly supervisor: Pick<Supervisor, "hold" | "release">;
  private readonly lines: Interface;

  /** Reads `input` until `close`. @param say is told what came of each order, in words */
  constructor(
    input: NodeJS.ReadableStream,
    supervisor: Pick<Supervisor, "hold" | "release">,
    say: (text: string) => void,
    refusal: string | null = null,
  ) {
    this.supervisor = supervisor;
    this.refusal = refusal;
    this.lines = createInterface({ input }).on("line", (line) => {
      const [order = "", name = ""] = line.trim().split(/\s+/);
      if (order === "") return;
      this.obey(order, name).then(say, (error: unknown) => say(error instanceof Error ? error.message : String(error)));
    });
  }

  close(): void {
    this.lines.close();
  }

  private async obey(order: string, name: string): Promise<string> {
    if (order !== "hold" && order !== "release")
      return `${order} is no order here: hold NAME kills a server and keeps it down, release NAME brings it back.`;
    if (this.refusal !== null) return `${order} ${name}: not now. ${this.refusal}`;
    if (order === "release") return `${name} serves (pid ${await this.supervisor.release(name)}).`;
    await this.supervisor.hold(name);
    return `${name} was killed and is held down: release ${name} brings it back.`;
  }
}
