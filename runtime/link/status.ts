/**
 * Errors on the wire: `google.rpc.Status` with `ErrorInfo` and `RetryInfo`, in the trailer that every gRPC
 * library with rich errors reads. Three small messages, written by hand: protobuf's varints and lengths are
 * those of runtime/packing.
 */

import { Metadata, status as grpcStatus, type ServiceError } from "@grpc/grpc-js";
import { errorDomain, NemconError } from "../errors/index.ts";
import { Reader, UnreadableBytes, Writer } from "../packing/index.ts";

/** The trailer's name, fixed by gRPC. */
export const detailsTrailer = "grpc-status-details-bin";

const errorInfoType = "type.googleapis.com/google.rpc.ErrorInfo";
const retryInfoType = "type.googleapis.com/google.rpc.RetryInfo";

const wire = { varint: 0, fixed64: 1, length: 2, fixed32: 5 } as const;

/** What an error on the wire says. */
export interface WireError {
  /** A gRPC status code. */
  readonly code: number;
  /** The stable reason; null where the other side gave none, such as a proxy or a lost connection. */
  readonly reason: string | null;
  readonly message: string;
  /** When it makes sense to try again, in milliseconds; null where nothing was said. */
  readonly retryAfterMs: number | null;
  /** The metadata of `ErrorInfo`. */
  readonly details: Readonly<Record<string, string>>;
}

/** What a handler gives to gRPC; also what a stream takes as its error. */
export interface StatusToSend {
  readonly name: string;
  readonly code: number;
  readonly message: string;
  readonly details: string;
  readonly metadata: Metadata;
}

/** An error for a handler's callback. */
export function toServiceError({
  reason,
  code,
  message,
  retryAfterMs = null,
  details = {},
}: Pick<WireError, "code" | "message"> & { readonly reason: string } & Partial<WireError>): StatusToSend {
  const metadata = new Metadata();
  metadata.set(detailsTrailer, encodeStatus({ code, reason, message, retryAfterMs, details }));
  return { name: reason, code, message, details: message, metadata };
}

/** What a call's error says; an error without readable details keeps its code and text. */
export function fromServiceError(error: Pick<ServiceError, "code" | "details" | "metadata">): WireError {
  const plain = { code: error.code, reason: null, message: brief(error.details), retryAfterMs: null, details: {} };
  const [bytes] = error.metadata?.get(detailsTrailer) ?? [];
  if (!(bytes instanceof Uint8Array)) return plain;
  try {
    const { reason, message, retryAfterMs, details } = decodeStatus(bytes);
    return { code: error.code, reason, message: message === "" ? error.details : message, retryAfterMs, details };
  } catch (unreadable) {
    if (unreadable instanceof UnreadableBytes) return plain;
    throw unreadable;
  }
}

/** grpc-js wraps the system's own words in several of its own. */
function brief(message: string): string {
  return message
    .replace(/^No connection established\. Last error: (Error: )?/, "")
    .replace(/ Resolution note:.*$/s, "")
    .replace(/\.$/, "");
}

/** The server's own error; null where it gave none. */
export function errorOfServer({ reason, message, retryAfterMs, details }: WireError): NemconError | null {
  if (reason === null) return null;
  return NemconError.fromWire(reason, message, retryAfterMs === null ? { details } : { details, retryAfterMs });
}

/** `google.rpc.Status`. */
export function encodeStatus(error: WireError): Buffer {
  const out = new Writer(256);
  varintField(out, 1, error.code);
  textField(out, 2, error.message);
  if (error.reason !== null) {
    const info = new Writer(128);
    textField(info, 1, error.reason);
    textField(info, 2, errorDomain);
    for (const [key, value] of Object.entries(error.details)) {
      const entry = new Writer(64);
      textField(entry, 1, key);
      textField(entry, 2, value);
      bytesField(info, 3, entry.take());
    }
    bytesField(out, 3, any(errorInfoType, info.take()));
  }
  if (error.retryAfterMs !== null) {
    const seconds = Math.floor(error.retryAfterMs / 1000);
    const nanos = Math.round((error.retryAfterMs - seconds * 1000) * 1e6);
    const duration = new Writer(16);
    varintField(duration, 1, seconds);
    varintField(duration, 2, nanos);
    const retry = new Writer(32);
    bytesField(retry, 1, duration.take());
    bytesField(out, 3, any(retryInfoType, retry.take()));
  }
  return out.take();
}

/** Details of other types and other domains are passed over. @throws UnreadableBytes */
export function decodeStatus(bytes: Uint8Array): WireError {
  let code: number = grpcStatus.OK;
  let message = "";
  let reason: string | null = null;
  let retryAfterMs: number | null = null;
  let details: WireError["details"] = {};
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) code = field.value;
    else if (field.number === 2) message = text(field.bytes);
    else if (field.number === 3) {
      const { type, value } = decodeAny(field.bytes);
      if (type === errorInfoType) ({ reason, details } = decodeErrorInfo(value) ?? { reason, details });
      else if (type === retryInfoType) retryAfterMs = decodeRetryInfo(value);
    }
  }
  return { code, reason, message, retryAfterMs, details };
}

function decodeErrorInfo(bytes: Uint8Array): Pick<WireError, "reason" | "details"> | null {
  const [texts, metadata] = [new Map<number, string>(), new Map<string, string>()];
  for (const field of fieldsOf(bytes)) {
    if (field.number === 3) {
      const entry = textsOf(field.bytes);
      metadata.set(entry.get(1) ?? "", entry.get(2) ?? "");
    } else texts.set(field.number, text(field.bytes));
  }
  if (texts.get(2) !== errorDomain) return null;
  return { reason: texts.get(1) ?? null, details: Object.fromEntries(metadata) };
}

function textsOf(bytes: Uint8Array): Map<number, string> {
  return new Map([...fieldsOf(bytes)].map((field) => [field.number, text(field.bytes)]));
}

function decodeRetryInfo(bytes: Uint8Array): number {
  let delayMs = 0;
  for (const field of fieldsOf(bytes)) {
    if (field.number !== 1) continue;
    for (const part of fieldsOf(field.bytes)) {
      if (part.number === 1) delayMs += part.value * 1000;
      else if (part.number === 2) delayMs += part.value / 1e6;
    }
  }
  return Math.ceil(delayMs);
}

/** `google.protobuf.Any`. */
function any(type: string, value: Uint8Array): Buffer {
  const out = new Writer(128);
  textField(out, 1, type);
  bytesField(out, 2, value);
  return out.take();
}

function decodeAny(bytes: Uint8Array): { type: string; value: Uint8Array } {
  let type = "";
  let value: Uint8Array = new Uint8Array();
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) type = text(field.bytes);
    else if (field.number === 2) value = field.bytes;
  }
  return { type, value };
}

// proto3 leaves fields with a default value out.

function varintField(out: Writer, number: number, value: number): void {
  if (value !== 0) out.varint(number * 8 + wire.varint).varint(value);
}

function textField(out: Writer, number: number, value: string): void {
  if (value !== "") out.varint(number * 8 + wire.length).text(value);
}

function bytesField(out: Writer, number: number, value: Uint8Array): void {
  out.varint(number * 8 + wire.length).bytes(value);
}

interface Field {
  readonly number: number;
  /** 0 unless the field is a varint. */
  readonly value: number;
  /** Empty unless the field carries its length. */
  readonly bytes: Uint8Array;
}

const empty = new Uint8Array();

function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const from = new Reader(bytes);
  while (!from.done) {
    const tag = from.varint();
    const number = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === wire.varint) yield { number, value: from.varint(), bytes: empty };
    else if (type === wire.length) yield { number, value: 0, bytes: from.bytes() };
    else if (type === wire.fixed64 || type === wire.fixed32) {
      for (let left = type === wire.fixed64 ? 8 : 4; left > 0; left -= 1) from.byte();
    } else throw new UnreadableBytes(`wire type ${type}`);
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
