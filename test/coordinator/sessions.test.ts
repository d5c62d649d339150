/** Interactive transactions before their commit: how much may wait in one. */

import { expect, test } from "vitest";
import { Sessions } from "../../coordinator/sessions.ts";
import type { Envelope } from "../../runtime/engine/index.ts";
import { NemconError } from "../../runtime/errors/index.ts";

test("calls that wait in a branch are bounded; what was taken goes on, and then more is taken", async () => {
  const sent: Envelope[] = [];
  const sessions = new Sessions(
    {
      clock: { nowMs: () => 0, calendarMs: () => 0 },
      scheduler: { soon: () => undefined, after: () => ({ cancel: () => undefined }) },
      send: (_to, envelopes) => void sent.push(...envelopes),
      isUp: () => true,
      abandon: () => expect.unreachable(),
    },
    { idleMs: 60_000, resendMs: 500 },
  );
  const session = sessions.begin("c.0001.00000001", "2pc", 0);
  const execute = () => sessions.execute(session, "bank-a", new Uint8Array(1), 1_000);
  const taken = Array.from({ length: 64 }, execute);
  expect(execute).toThrow(NemconError);
  expect(execute).toThrow(/64 calls/);
  const token = { incarnation: 1, number: 1 };
  for (let item = 1; item <= 64; item += 1)
    sessions.answer("bank-a", session.id, { kind: "worked", token, item, result: new Uint8Array(0) });
  expect((await Promise.all(taken)).map(({ kind }) => kind)).toEqual(Array(64).fill("done"));
  expect(sent.map(({ body }) => body.kind === "work" && body.item)).toEqual(Array.from(taken, (_, index) => index + 1));
  const more = execute();
  sessions.answer("bank-a", session.id, { kind: "worked", token, item: 65, result: new Uint8Array(0) });
  expect((await more).kind).toBe("done");
});
