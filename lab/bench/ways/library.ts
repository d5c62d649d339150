/** Single `submit` calls of the client library. */

import { connect, NemconError, type Client } from "../../../client/index.ts";
import type { OneShot } from "../../index.ts";
import type { Tell, Way } from "./way.ts";

const TIMEOUT_MS = 10_000;

/** @param protocol null: the coordinator's default */
export function libraryWay(address: string, protocol: string | null): Way {
  const client = connect(address, protocol === null ? {} : { protocol });
  return {
    submit: (job, tell) => void submit(client, job, tell),
  };
}

async function submit(client: Client, { branches }: OneShot, tell: Tell): Promise<void> {
  try {
    const outcome = await client.submit({ branches, timeoutMs: TIMEOUT_MS });
    if (outcome.kind === "committed") tell("committed", "");
    else if (outcome.kind === "aborted") tell("aborted", outcome.reason);
    else tell("unknown", outcome.kind);
  } catch (thrown) {
    tell("aborted", NemconError.from(thrown).reason);
  }
}
