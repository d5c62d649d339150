/** Errors on the wire are google.rpc.Status with ErrorInfo and RetryInfo, as other libraries read and write them. */

import { Metadata, status } from "@grpc/grpc-js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NemconError } from "../../../runtime/errors/index.ts";
import { fromServiceError, toServiceError, type WireError } from "../../../runtime/link/index.ts";
import { decodeStatus, detailsTrailer, encodeStatus } from "../../../runtime/link/status.ts";
import { UnreadableBytes } from "../../../runtime/packing/index.ts";

/** What protobufjs makes of status.proto and error_details.proto, field by field. */
const golden: readonly [what: string, error: WireError, hex: string][] = [
  [
    "a reason and when to try again",
    { code: 8, reason: "OVERLOADED", message: "full", retryAfterMs: 1500, details: {} },
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
  [
    "details",
    { code: 9, reason: "NOT_MINE", message: "", retryAfterMs: null, details: { node: "c1", empty: "" } },
    [
      "0809", // code: 9
      "1a53", // details
      "0a28747970652e676f6f676c65617069732e636f6d2f676f6f676c652e7270632e4572726f72496e666f", // ErrorInfo
      "1227",
      "0a084e4f545f4d494e45", // reason
      "12066e656d636f6e", // domain
      "1a0a0a046e6f646512026331", // metadata: node = c1
      "1a070a05656d707479", // metadata: empty = ""
    ].join(""),
  ],
  ["no details", { code: 5, reason: null, message: "", retryAfterMs: null, details: {} }, "0805"],
];

describe("golden bytes", () => {
  test.each(golden)("%s", (_what, error, hex) => {
    expect(encodeStatus(error).toString("hex")).toBe(hex);
    expect(decodeStatus(Buffer.from(hex, "hex"))).toEqual(error);
  });
});

test("an error goes through a call's trailer and comes back", () => {
  const sent = toServiceError(
    new NemconError("OVERLOADED", "The door is full.", { retryAfterMs: 250, details: { participant: "bank-ä" } }),
  );
  expect(fromServiceError(sent)).toEqual({
    code: status.RESOURCE_EXHAUSTED,
    reason: "OVERLOADED",
    message: "The door is full.",
    retryAfterMs: 250,
    details: { participant: "bank-ä" },
  });
});

test("an error without details keeps its code and its text", () => {
  const plain = { code: status.UNAVAILABLE, details: "no connection", metadata: new Metadata() };
  const wanted = { code: status.UNAVAILABLE, reason: null, message: "no connection", retryAfterMs: null, details: {} };
  expect(fromServiceError(plain)).toEqual(wanted);
  plain.metadata.set(detailsTrailer, Buffer.from([255, 255]));
  expect(fromServiceError(plain)).toEqual(wanted);
});

test("of what grpc-js says, the system's own words are left", () => {
  const details =
    "No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:7410. Resolution note: none.";
  const told = fromServiceError({ code: status.UNAVAILABLE, details, metadata: new Metadata() });
  expect(told.message).toBe("connect ECONNREFUSED 127.0.0.1:7410");
});

test("the reason of another domain is not taken for ours", () => {
  const bytes = encodeStatus({ code: 8, reason: "OVERLOADED", message: "", retryAfterMs: null, details: {} });
  const other = Buffer.from(bytes.toString("latin1").replace("nemcon", "others"), "latin1");
  expect(decodeStatus(other).reason).toBeNull();
});

test("details of unknown types and fields are passed over", () => {
  const known = encodeStatus({ code: 8, reason: "OVERLOADED", message: "full", retryAfterMs: 1000, details: {} });
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
