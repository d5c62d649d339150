/** Errors on the wire are google.rpc.Status with ErrorInfo and RetryInfo, as other libraries read and write them. */

import { Metadata, status } from "@grpc/grpc-js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromServiceError, toServiceError, type WireError } from "../../../runtime/link/index.ts";
import { decodeStatus, detailsTrailer, encodeStatus } from "../../../runtime/link/status.ts";
import { UnreadableBytes } from "../../../runtime/packing/index.ts";

/** What protobufjs makes of status.proto and error_details.proto, field by field. */
const golden: readonly [what: string, error: WireError, hex: string][] = [
  [
    "a reason and when to try again",
    { code: 8, reason: "OVERLOADED", message: "full", retryAfterMs: 1500 },
    [
      "0808", // code: 8
      "120466756c6c", // message: "full"
      "1a40", // details
      "0a28747970652e676f6f676c65617069732e636f6d2f676f6f676c652e7270632e4572726f72496e666f", // ErrorInfo
      "1214",
      "0a0a4f5645524c4f41444544", // reason
      "12066e656d636f6e", // domain
      "1a36",
      "0a28747970652e676f6f676c65617069732e636f6d2f676f6f676c652e7270632e5265747279496e666f", // RetryInfo
      "120a",
      "0a08", // retry_delay
      "0801", // 1 s
      "1080cab5ee01", // 500,000,000 ns
    ].join(""),
  ],
  ["no details", { code: 5, reason: null, message: "", retryAfterMs: null }, "0805"],
];

describe("golden bytes", () => {
  test.each(golden)("%s", (_what, error, hex) => {
    expect(encodeStatus(error).toString("hex")).toBe(hex);
    expect(decodeStatus(Buffer.from(hex, "hex"))).toEqual(error);
  });
});

test("an error goes through a call's trailer and comes back", () => {
  const sent = toServiceError("OVERLOADED", status.RESOURCE_EXHAUSTED, "The door is full.", 250);
  expect(fromServiceError(sent)).toEqual({
    code: status.RESOURCE_EXHAUSTED,
    reason: "OVERLOADED",
    message: "The door is full.",
    retryAfterMs: 250,
  });
});

test("an error without details keeps its code and its text", () => {
  const plain = { code: status.UNAVAILABLE, details: "no connection", metadata: new Metadata() };
  const wanted = { code: status.UNAVAILABLE, reason: null, message: "no connection", retryAfterMs: null };
  expect(fromServiceError(plain)).toEqual(wanted);
  plain.metadata.set(detailsTrailer, Buffer.from([255, 255]));
  expect(fromServiceError(plain)).toEqual(wanted);
});

test("the reason of another domain is not taken for ours", () => {
  const bytes = encodeStatus({ code: 8, reason: "OVERLOADED", message: "", retryAfterMs: null });
  const other = Buffer.from(bytes.toString("latin1").replace("nemcon", "others"), "latin1");
  expect(decodeStatus(other).reason).toBeNull();
});

test("details of unknown types and fields are passed over", () => {
  const known = encodeStatus({ code: 8, reason: "OVERLOADED", message: "full", retryAfterMs: 1000 });
  const unknown = Buffer.from("1a080a047479706512006100000000000000006d00000000", "hex");
  expect(decodeStatus(Buffer.concat([unknown, known])).reason).toBe("OVERLOADED");
});

test("whatever bytes come, they are read or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeStatus(bytes);
        return true;
      } catch (error) {
        return error instanceof UnreadableBytes;
      }
    }),
    { numRuns: 5_000 },
  );
});
