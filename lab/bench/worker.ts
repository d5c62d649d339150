/** A process of the bench's own: `worker.ts ROLE`, called over its channel. */

import { answerCalls, type Methods, type WorkerRole } from "./calls.ts";

const roles = {
  load: () => import("./load.ts"),
  "fan-out": () => import("./fan-out-server.ts"),
  storage: () => import("./storage.ts"),
  echo: () => import("./echo.ts"),
  limits: () => import("./limits.ts"),
} as const satisfies Readonly<Record<WorkerRole, () => Promise<{ readonly methods: Methods }>>>;

const role = process.argv[2] as WorkerRole;
answerCalls((await roles[role]()).methods);
