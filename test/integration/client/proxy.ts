/** A connection that a test can count, cut, and make silent. */

import { connect as dial, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class Proxy {
  /** Connections that were made to it, ever. */
  connections = 0;
  private readonly server: Server;
  private readonly pairs = new Map<Socket, Socket>();
  private isSilent = false;
  private refuses = false;

  private constructor(target: string) {
    const [host, port] = target.split(":");
    this.server = createServer((inner) => {
      this.connections += 1;
      inner.on("error", () => undefined);
      if (this.refuses) {
        inner.destroy();
        return;
      }
      const outer = dial(Number(port), host);
      this.pairs.set(inner, outer);
      inner.pipe(outer);
      outer.on("data", (bytes: Buffer) => inner.write(bytes));
      if (this.isSilent) outer.pause();
      const end = (): void => {
        this.pairs.delete(inner);
        inner.destroy();
        outer.destroy();
      };
      for (const socket of [inner, outer]) {
        socket.on("error", () => undefined);
        socket.on("close", end);
      }
    });
  }

  static async to(target: string): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends the connections that there are; new ones may come. */
  cut(): void {
    for (const [inner, outer] of this.pairs) {
      inner.destroy();
      outer.destroy();
    }
  }

  /** Ends every connection, now and from now on. */
  refuse(): void {
    this.refuses = true;
    this.cut();
  }

  accept(): void {
    this.refuses = false;
  }

  /** Holds back what the server says. */
  silence(): void {
    this.isSilent = true;
    for (const outer of this.pairs.values()) outer.pause();
  }

  speak(): void {
    this.isSilent = false;
    for (const outer of this.pairs.values()) outer.resume();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
