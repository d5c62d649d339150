/**
 * Errors on the wire: `google.rpc.Status` with `ErrorInfo` and `RetryInfo`, in the trailer that every gRPC
 * library with rich errors reads. Three small messages, written by hand: protobuf's varints and lengths are
 * those of runtime/packing.
 */

import { Metadata, status as grpcStatus, type ServiceError } from "@grpc/grpc-js";
import { errorDomain } from "../errors/index.ts";
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
}

/** What a handler gives to gRPC; also what a stream takes as its error. */
export interface StatusToSend {
  readonly name: string;
  readonly code: number;
  readonly message: string;
  readonly details: string;
  readonly metadata: Metadata;
}

/** An error for a handler's callback. `retryAfterMs`: 0 or absent, there is no sense in trying again. */
export function toServiceError(reason: string, code: number, message: string, retryAfterMs = 0): StatusToSend {
  const metadata = new Metadata();
  metadata.set(detailsTrailer, encodeStatus({ code, reason, message, retryAfterMs: retryAfterMs || null }));
  return { name: reason, code, message, details: message, metadata };
}

/** What a call's error says; an error without readable details keeps its code and text. */
export function fromServiceError(error: Pick<ServiceError, "code" | "details" | "metadata">): WireError {
  const plain = { code: error.code, reason: null, message: error.details, retryAfterMs: null };
  const [bytes] = error.metadata?.get(detailsTrailer) ?? [];
  if (!(bytes instanceof Uint8Array)) return plain;
  try {
    const { reason, message, retryAfterMs } = decodeStatus(bytes);
    return { code: error.code, reason, message: message === "" ? error.details : message, retryAfterMs };
  } catch (unreadable) {
    if (unreadable instanceof UnreadableBytes) return plain;
    throw unreadable;
  }
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
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) code = field.value;
    else if (field.number === 2) message = text(field.bytes);
    else if (field.number === 3) {
      const { type, value } = decodeAny(field.bytes);
      if (type === errorInfoType) reason = decodeErrorInfo(value) ?? reason;
      else if (type === retryInfoType) retryAfterMs = decodeRetryInfo(value);
    }
  }
  return { code, reason, message, retryAfterMs };
}

function decodeErrorInfo(bytes: Uint8Array): string | null {
  const texts = new Map([...fieldsOf(bytes)].map((field) => [field.number, text(field.bytes)]));
  return texts.get(2) === errorDomain ? (texts.get(1) ?? null) : null;
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
