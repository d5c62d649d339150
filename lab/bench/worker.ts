/** A process of the bench's own: `worker.ts ROLE`, called over its channel. */

import { answerCalls, type Methods } from "./calls.ts";

const roles = {
  load: () => import("./load.ts"),
} as const satisfies Readonly<Record<string, () => Promise<{ readonly methods: Methods }>>>;

export type WorkerRole = keyof typeof roles;

const role = process.argv[2] as WorkerRole;
answerCalls((await roles[role]()).methods);
