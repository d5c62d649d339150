/** SubmitStream: transactions of one client, pipelined; answers in any order with the caller's tag. */

import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { Answer } from "../protocols/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import type { SubmitMessage, SubmitStreamAnswer, TaggedAnswer } from "../runtime/link/index.ts";
import type { Block } from "./ids.ts";
import { outcomeMessage } from "./outcome.ts";
import type { RefusalPace } from "./pace.ts";
import type { Coordinator } from "./wiring.ts";

interface Request {
  readonly submits: readonly { readonly tag: number; readonly submit: SubmitMessage | null }[];
}

const BLOCK_IDS = 1_024;
/** With fewer ids left in its newest block, a stream gets another. */
const REFILL_AT = 512;
/** Results past this leave in a message of their own, so that one message stays below what gRPC clients take. */
const MESSAGE_BYTES = 256 * 1024;
/** What a larger message is made of lives long enough, at both ends, to be moved by the garbage collector. */
const MESSAGE_ANSWERS = 128;
/** An outcome without its results, about. */
const ANSWER_BYTES = 128;

export function serveStream(
  coordinator: Coordinator,
  stream: ServerDuplexStream<Request, SubmitStreamAnswer>,
  submit: (message: SubmitMessage, tell: Parameters<Coordinator["submit"]>[1]) => string,
  pace: RefusalPace,
): void {
  let blocks: Block[] = [];
  let left = 0;
  let open = 0;
  let ended = false;
  let gone = false;
  // What one turn answers leaves in one message.
  let answers: TaggedAnswer[] = [];
  let bytes = 0;
  let pause: NodeJS.Timeout | null = null;

  const write = (message: SubmitStreamAnswer): void => {
    // A client that does not read its answers is not read either.
    if (!gone && !stream.write(message)) stream.pause();
  };
  const resume = (): void => {
    if (!gone && pause === null && !stream.writableNeedDrain) stream.resume();
  };
  const hold = (): void => {
    const pauseMs = pace.pauseMs();
    if (pauseMs === 0 || pause !== null || gone) return;
    stream.pause();
    pause = setTimeout(() => {
      pause = null;
      resume();
    }, pauseMs);
  };
  const flush = (): void => {
    if (answers.length > 0) write({ answers });
    answers = [];
    bytes = 0;
    if (ended && open === 0 && !gone) stream.end();
  };
  const answer = (tagged: TaggedAnswer, sizeBytes: number): void => {
    open -= 1;
    if (gone) return;
    if (answers.length === 0) queueMicrotask(flush);
    else if (answers.length === MESSAGE_ANSWERS || bytes + sizeBytes > MESSAGE_BYTES) {
      write({ answers });
      answers = [];
      bytes = 0;
    }
    answers.push(tagged);
    bytes += sizeBytes;
  };
  const refill = (): void => {
    // Retries use none: they are counted anew, and blocks that are used up are let go.
    blocks = blocks.filter((each) => coordinator.unusedIn(each) > 0);
    left = blocks.reduce((sum, each) => sum + coordinator.unusedIn(each), 0);
    if (left >= REFILL_AT) return;
    const block = coordinator.openBlock(BLOCK_IDS);
    blocks.push(block);
    left += BLOCK_IDS;
    write({ ids: { ...block } });
  };
  /** false: refused for load. */
  const take = (tag: number, message: SubmitMessage | null): boolean => {
    open += 1;
    let id = "";
    try {
      if (message === null) throw new NemconError("INVALID_REQUEST", "The message has no submit.");
      const packed = message.packing !== 0;
      id = submit(message, (told) => answer({ tag, outcome: outcomeMessage(id, told, packed) }, resultBytes(told)));
      pace.taken();
      // Of a request that is refused the id is still unused.
      if (message.transaction !== "") left -= 1;
      if (left < REFILL_AT) refill();
      return true;
    } catch (thrown) {
      const { code, reason, message: text, retryAfterMs } = NemconError.from(thrown);
      answer({ tag, refusal: { code, reason, message: text, retryAfterMs: retryAfterMs ?? 0 } }, ANSWER_BYTES);
      if (reason !== "OVERLOADED") return true;
      pace.refused();
      return false;
    }
  };
  const leave = (): void => {
    gone = true;
    if (pause !== null) clearTimeout(pause);
    for (const block of blocks) coordinator.retire(block);
    blocks = [];
  };

  refill();
  stream.on("data", ({ submits }: Request) => {
    let refused = false;
    for (const { tag, submit: message } of submits) if (!take(tag, message)) refused = true;
    if (refused) hold();
  });
  stream.on("drain", resume);
  stream.on("end", () => {
    ended = true;
    flush();
  });
  stream.on("cancelled", leave);
  stream.on("error", leave);
  stream.on("close", leave);
}

function resultBytes(answer: Answer): number {
  let bytes = ANSWER_BYTES;
  if (answer.outcome === "committed") for (const packed of answer.results.values()) bytes += packed.length;
  return bytes;
}
