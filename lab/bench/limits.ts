/** What this machine can do at most: its disk, its SQLite, its gRPC, the packing of messages; each alone. */

import { closeSync, fdatasyncSync, openSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@grpc/grpc-js";
import { channelCredentials, decodeFrame, encodeEnvelopes } from "../../runtime/link/index.ts";
import { echo } from "./echo.ts";
import { openStore } from "./store.ts";
import { typicalMs } from "./typical.ts";
import { clientOptions } from "./ways/messages.ts";

interface Timed {
  readonly forMs: number;
}

/** Of a forced write, or a forced commit. */
const RECORD_BYTES = 256;
const FILE_RECORDS = 4_096;
/** As performance figures of this kind count them. */
const MESSAGE_BYTES = 42;
const FRAMES_UNDER_WAY = 64;
const CODEC_MESSAGES = 128;
const NS_PER_MS = 1e6;

let channel: { readonly address: string; readonly client: Client } | null = null;

function clientOf(address: string): Client {
  if (channel?.address !== address)
    channel = { address, client: new Client(address, channelCredentials(null), clientOptions) };
  return channel.client;
}

/** As many as take some tens of microseconds. */
const SPINS = 50_000;

/** A function of its own, so that it is compiled once and for all rounds. */
function spun(from: number): number {
  let value = from;
  for (let step = 0; step < SPINS; step += 1) value = (Math.imul(value, 31) + step) | 0;
  return value;
}

export const methods = {
  /**
   * Nanoseconds of CPU for a step of a loop that needs nothing but one core. On a machine that is shared below the
   * operating system this moves, and every CPU figure with it.
   */
  spin: ({ forMs }: Timed): number => {
    let value = 0;
    let steps = 0;
    const before = process.cpuUsage();
    for (const endMs = performance.now() + forMs; performance.now() < endMs; steps += SPINS) value = spun(value);
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1_000) / steps;
  },

  /** p50 in milliseconds of a record at the end of a file that grows, and of one written over another. */
  disk: ({ directory, forMs }: Timed & { readonly directory: string }): { appendMs: number; overwriteMs: number } => {
    const file = join(directory, "forced-writes");
    const record = Buffer.alloc(RECORD_BYTES, 1);
    const descriptor = openSync(file, "w+");
    try {
      const appendMs = typicalMs(forMs, () => {
        writeSync(descriptor, record);
        fdatasyncSync(descriptor);
      });
      writeSync(descriptor, Buffer.alloc(RECORD_BYTES * FILE_RECORDS), 0, RECORD_BYTES * FILE_RECORDS, 0);
      fdatasyncSync(descriptor);
      const overwriteMs = typicalMs(forMs, (turn) => {
        writeSync(descriptor, record, 0, RECORD_BYTES, (turn % FILE_RECORDS) * RECORD_BYTES);
        fdatasyncSync(descriptor);
      });
      return { appendMs, overwriteMs };
    } finally {
      closeSync(descriptor);
      unlinkSync(file);
    }
  },

  /** p50 in milliseconds of a SQLite commit of one record, its log growing. */
  growingCommit: ({ file, forMs }: Timed & { readonly file: string }): number => {
    const { database, commit } = openStore(file, false);
    try {
      database.exec("DROP TABLE IF EXISTS record; CREATE TABLE record(number INTEGER PRIMARY KEY, body BLOB NOT NULL)");
      const insert = database.prepare("INSERT INTO record VALUES (?, ?)");
      const body = Buffer.alloc(RECORD_BYTES);
      return typicalMs(forMs, (turn) => commit(() => insert.run(turn, body)));
    } finally {
      database.close();
    }
  },

  /** Empty unary calls a second, so many under way at any time. */
  unary: ({ address, concurrency, forMs }: Timed & { address: string; concurrency: number }): Promise<number> => {
    const client = clientOf(address);
    const { path, requestSerialize, responseDeserialize } = echo.Nothing;
    const nothing = Buffer.alloc(0);
    const beganMs = performance.now();
    let done = 0;
    let open = 0;
    return new Promise((resolve, reject) => {
      const one = (): void => {
        open += 1;
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, nothing, (error) => {
          open -= 1;
          if (error !== null) return reject(error);
          done += 1;
          const elapsedMs = performance.now() - beganMs;
          if (elapsedMs < forMs) one();
          else if (open === 0) resolve((done / elapsedMs) * 1_000);
        });
      };
      for (let index = 0; index < concurrency; index += 1) one();
    });
  },

  /** Messages a second, there and back, on a stream in frames of so many. */
  stream: ({ address, frameMessages, forMs }: Timed & { address: string; frameMessages: number }): Promise<number> => {
    const { path, requestSerialize, responseDeserialize } = echo.Frames;
    const call = clientOf(address).makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const frame = Buffer.alloc(frameMessages * MESSAGE_BYTES);
    const beganMs = performance.now();
    let under = 0;
    let frames = 0;
    let elapsedMs = 0;
    const send = (): void => {
      under += 1;
      call.write(frame);
    };
    return new Promise((resolve, reject) => {
      call.on("data", () => {
        under -= 1;
        frames += 1;
        elapsedMs = performance.now() - beganMs;
        if (elapsedMs < forMs) send();
        else if (under === 0) call.end();
      });
      call.on("error", reject);
      call.on("end", () => resolve(((frames * frameMessages) / elapsedMs) * 1_000));
      for (let index = 0; index < FRAMES_UNDER_WAY; index += 1) send();
    });
  },

  /** Nanoseconds to pack and unpack a message, in frames of 128 votes. */
  codec: ({ forMs }: Timed): number => {
    const votes = Array.from({ length: CODEC_MESSAGES }, (_, index) => ({
      transaction: `coordinator.0001.${index.toString(36).padStart(8, "0")}`,
      protocol: "2pc" as const,
      body: { kind: "vote" as const, vote: "yes" as const, result: Buffer.alloc(8) },
    }));
    const frameMs = typicalMs(forMs, () => {
      for (const frame of encodeEnvelopes(votes)) decodeFrame(frame);
    });
    return (frameMs / CODEC_MESSAGES) * NS_PER_MS;
  },
};
