/** A stream gets ids for the transactions that it starts, and none for what it asks for again. */
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { Ids } from "../../coordinator/ids.ts";
import { RefusalPace } from "../../coordinator/pace.ts";
import { serveStream } from "../../coordinator/stream.ts";
import { transactionId } from "../../protocols/index.ts";

type Given = Parameters<typeof serveStream>;

function stream() {
  const ids = new Ids("C", 1);
  const blocks: { first: number; count: number }[] = [];
  const wire = Object.assign(new EventEmitter(), {
    write: ({ ids: block }: { ids?: { first: number; count: number } }) => {
      if (block !== undefined) blocks.push(block);
      return true;
    },
    pause: () => undefined,
    resume: () => undefined,
    end: () => undefined,
    writableNeedDrain: false,
  });
  const submit = ({ transaction }: { transaction: string }) => {
    ids.use(transaction);
    return transaction;
  };
  serveStream(
    ids as unknown as Given[0],
    wire as unknown as Given[1],
    submit,
    new RefusalPace(
      () => 0,
      () => false,
    ),
  );
  const send = (sequence: number): void => {
    wire.emit("data", { submits: [{ tag: 1, submit: { transaction: transactionId("C", 1, sequence), packing: 0 } }] });
  };
  return { ids, blocks, send, wire };
}

test("a hundred thousand of the same id open no block", () => {
  const { blocks, send } = stream();
  for (let count = 0; count < 100_000; count += 1) send(1);
  expect(blocks).toHaveLength(1);
});

test("whoever uses its ids always has some, and leaves none behind", () => {
  const { ids, blocks, send, wire } = stream();
  for (let sequence = 1; sequence <= 10_000; sequence += 1) {
    expect(blocks.some(({ first, count }) => sequence >= first && sequence < first + count)).toBe(true);
    send(sequence);
  }
  expect(blocks.length).toBeLessThan(12);
  wire.emit("close");
  expect(ids.unused()).toEqual([]);
});
