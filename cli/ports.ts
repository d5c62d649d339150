/** Whether a port is free. */

import { createServer } from "node:net";
import type { Address } from "../runtime/index.ts";

/** null: free. Otherwise the system's code: EADDRINUSE, or what else keeps us from listening there. */
export function whyTaken({ host, port }: Address): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
