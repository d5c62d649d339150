/** A process that ends by a fatal error when it is told to: one line is on its way and others wait in memory at that moment. */

import { NemconError } from "../../../runtime/errors/index.ts";
import { exitWith, openLog } from "../../../runtime/index.ts";

const { log } = openLog({ level: "info", bindings: { role: "coordinator", node: "c1" } });
process.once("message", () => {
  for (let line = 0; line < 10; line += 1) log.info({ line }, "on its way");
  exitWith(log)(new NemconError("WRITE_FAILED", "The disk refused a forced write."));
});
process.send?.("ready");
