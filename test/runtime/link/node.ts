/** A node with links in this process, that keeps what happens to it for a test to wait on. */

import { once, EventEmitter } from "node:events";
import { ChannelCredentials } from "@grpc/grpc-js";
import type { PeerRole } from "../../../runtime/engine/index.ts";
import type { Envelope } from "../../../runtime/engine/index.ts";
import {
  defaultKeepalive,
  Links,
  serve,
  services,
  type Admission,
  type Identity,
  type Keepalive,
  type LinkOptions,
  type LinkTuning,
  type Peer,
  type Refused,
  type RunningServer,
  type SideItem,
} from "../../../runtime/link/index.ts";

/** What happened, in order. */
export type Happening =
  | { readonly kind: "envelopes"; readonly from: string; readonly envelopes: readonly Envelope[] }
  | { readonly kind: "side"; readonly from: string; readonly item: SideItem }
  | { readonly kind: "up"; readonly peer: Peer }
  | { readonly kind: "down"; readonly peer: Peer }
  | { readonly kind: "refused"; readonly refused: Refused };

export interface NodeOptions extends Partial<Identity> {
  readonly accepts?: readonly PeerRole[];
  readonly admit?: (peer: Identity) => Admission;
  readonly tuning?: Partial<LinkTuning>;
  readonly lastSequence?: () => number;
}

export class TestNode {
  readonly links: Links;
  readonly happened: Happening[] = [];
  readonly logged: string[] = [];
  /** Names of the fields of log lines, beside those that every line has. */
  readonly loggedFields = new Set<string>();
  private readonly bell = new EventEmitter();
  private server: RunningServer | null = null;

  constructor(node: string, role: PeerRole, options: NodeOptions = {}) {
    const { accepts, admit, tuning, lastSequence = () => 0, ...rest } = options;
    const identity: Identity = {
      cluster: "test",
      node,
      role,
      log: `log-of-${node}`,
      sequence: 0,
      starts: [{ incarnation: 1, boot: 1, sequence: 0 }],
      software: "nemcon test",
      address: "",
      ...rest,
    };
    const log = (fields: object, text: string): void => {
      this.logged.push(text);
      for (const name of Object.keys(fields)) this.loggedFields.add(name);
    };
    const base: LinkOptions = {
      identity,
      accepts: accepts ?? [role === "coordinator" ? "participant" : "coordinator"],
      sequence: lastSequence,
      admit: admit ?? (() => ({ ok: true })),
      credentials: ChannelCredentials.createInsecure(),
      log: { info: log, warn: log },
      events: {
        onEnvelopes: (from, envelopes) => this.note({ kind: "envelopes", from, envelopes }),
        onSide: (from, item) => this.note({ kind: "side", from, item }),
        onUp: (peer) => this.note({ kind: "up", peer }),
        onDown: (peer) => this.note({ kind: "down", peer }),
        onRefused: (refused) => this.note({ kind: "refused", refused }),
      },
    };
    this.links = new Links(tuning === undefined ? base : { ...base, tuning });
  }

  /** Serves on a free port, or the one given. */
  async listen(port = 0, keepalive: Keepalive = defaultKeepalive): Promise<string> {
    this.server = await serve({
      keepalive,
      address: `127.0.0.1:${port}`,
      tls: null,
      services: [{ definition: services.peer, implementation: this.links.serviceImplementation }],
    });
    return this.server.address;
  }

  async close(): Promise<void> {
    this.links.close();
    await this.server?.shutdown(0);
  }

  /** The next happening of the kind that fits, from those not yet taken; all before it are passed over. */
  async next<K extends Happening["kind"]>(
    kind: K,
    fits: (happening: Extract<Happening, { kind: K }>) => boolean = () => true,
  ): Promise<Extract<Happening, { kind: K }>> {
    for (;;) {
      while (this.happened.length > 0) {
        const happening = this.happened.shift()!;
        if (happening.kind === kind && fits(happening as Extract<Happening, { kind: K }>))
          return happening as Extract<Happening, { kind: K }>;
      }
      await once(this.bell, "happened");
    }
  }

  private note(happening: Happening): void {
    this.happened.push(happening);
    this.bell.emit("happened");
  }
}
