/** The door: an acceptor as a server and as a library. */

export { serveAcceptor, type RunningAcceptor, type ServeAcceptor } from "./server.ts";
export type { Acceptor } from "./wiring.ts";
