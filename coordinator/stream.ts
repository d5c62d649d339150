/** SubmitStream: transactions of one client, pipelined; answers in any order with the caller's tag. */

import type { ServerDuplexStream } from "@grpc/grpc-js";
import { NemconError } from "../runtime/errors/index.ts";
import type { SubmitMessage, SubmitStreamAnswer } from "../runtime/link/index.ts";
import type { Block } from "./ids.ts";
import { outcomeMessage } from "./outcome.ts";
import type { Coordinator } from "./wiring.ts";

interface Request {
  readonly tag: string;
  readonly submit: SubmitMessage | null;
}

const BLOCK_IDS = 1_024;
/** With fewer ids left in its newest block, a stream gets another. */
const REFILL_AT = 512;

export function serveStream(
  coordinator: Coordinator,
  stream: ServerDuplexStream<Request, SubmitStreamAnswer>,
  submit: (message: SubmitMessage, tell: Parameters<Coordinator["submit"]>[1]) => string,
): void {
  const blocks: Block[] = [];
  let left = 0;
  let open = 0;
  let ended = false;
  let gone = false;

  const write = (answer: SubmitStreamAnswer): void => {
    if (!gone) stream.write(answer);
  };
  const refill = (): void => {
    const block = coordinator.openBlock(BLOCK_IDS);
    blocks.push(block);
    left += BLOCK_IDS;
    write({ tag: 0, ids: { ...block } });
  };
  const finish = (): void => {
    if (ended && open === 0 && !gone) stream.end();
  };
  const leave = (): void => {
    gone = true;
    for (const block of blocks) coordinator.retire(block);
    blocks.length = 0;
  };

  refill();
  stream.on("data", ({ tag, submit: message }: Request) => {
    open += 1;
    left -= 1;
    if (left < REFILL_AT) refill();
    let id = "";
    try {
      if (message === null) throw new NemconError("INVALID_REQUEST", "The message has no submit.");
      id = submit(message, (answer) => {
        open -= 1;
        write({ tag, outcome: outcomeMessage(id, answer) });
        finish();
      });
    } catch (thrown) {
      open -= 1;
      const { code, reason, message: text, retryAfterMs } = NemconError.from(thrown);
      write({ tag, refusal: { code, reason, message: text, retryAfterMs: retryAfterMs ?? 0 } });
      finish();
    }
  });
  stream.on("end", () => {
    ended = true;
    finish();
  });
  stream.on("cancelled", leave);
  stream.on("error", leave);
  stream.on("close", leave);
}
