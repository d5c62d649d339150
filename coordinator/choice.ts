/** Which protocol runs a transaction: by its name, or the default; and the acceptors that decide it, where it needs some. */

import {
  isProtocolName,
  protocols,
  type AcceptorGroup,
  type NodeId,
  type ProtocolName,
  type TransactionId,
} from "../protocols/index.ts";
import { NemconError } from "../runtime/errors/index.ts";
import type { Groups } from "./groups.ts";

export interface ChoiceOptions {
  readonly node: NodeId;
  readonly defaultProtocol: ProtocolName;
  /** Protocols that can break a promise run only where this is true. */
  readonly allowUnsafe: boolean;
  readonly groups: Pick<Groups, "of" | "all">;
  readonly isUp: (node: NodeId) => boolean;
}

export class Choice {
  private readonly options: ChoiceOptions;

  constructor(options: ChoiceOptions) {
    this.options = options;
  }

  /**
   * @param name "": the default
   * @throws NemconError UNKNOWN_PROTOCOL, PROTOCOL_UNSAFE, PROTOCOL_NOT_AVAILABLE
   */
  named(name: string): ProtocolName {
    const { node, defaultProtocol, allowUnsafe } = this.options;
    const protocol = name === "" ? defaultProtocol : name;
    if (!isProtocolName(protocol))
      throw new NemconError(
        "UNKNOWN_PROTOCOL",
        `No protocol is called "${protocol}" here; there is ${Object.keys(protocols).join(", ")}.`,
      );
    const { unsafe, acceptor } = protocols[protocol];
    if (unsafe !== null && !allowUnsafe)
      throw new NemconError(
        "PROTOCOL_UNSAFE",
        `${protocol} is not safe: ${unsafe}. ${node} runs it only where its configuration allows them (--protocol-unsafe allowed; nemcon dev --allow-unsafe).`,
      );
    if (acceptor !== null && !this.hasAcceptors)
      throw new NemconError(
        "PROTOCOL_NOT_AVAILABLE",
        `${protocol} needs a group of acceptors, and ${node} was configured with none.`,
      );
    return protocol;
  }

  /** May one of its branches begin the commit? @throws NemconError INVALID_REQUEST */
  checkInitiator(protocol: ProtocolName, initiator: NodeId): void {
    if (protocols[protocol].unsolicitedVotes) return;
    throw new NemconError(
      "INVALID_REQUEST",
      `Under ${protocol} no branch prepares before it is asked, so that ${initiator} can't begin the commit. Leave the initiator out, or choose another protocol.`,
    );
  }

  /** Pinned for the transaction's life. Those that are up come first, since the first F+1 get the votes (protocols §C.6-1). */
  groupFor(protocol: ProtocolName, id: TransactionId): AcceptorGroup | null {
    const { groups, isUp } = this.options;
    const group = protocols[protocol].acceptor === null ? null : groups.of(id);
    if (group === null) return null;
    const up = group.acceptors.filter((each) => isUp(each));
    return { version: group.version, acceptors: [...up, ...group.acceptors.filter((each) => !up.includes(each))] };
  }

  /**
   * Under which protocol an id is asked for of which nothing may be known here. Where there are acceptors they may know
   * more, and one of theirs asks them; it ends an id that no acceptor has heard of as aborted, which is what the
   * others presume.
   *
   * @param asked whoever asks takes it for one of these; "": it does not say
   */
  ofUnknown(asked: ProtocolName | "" = ""): ProtocolName {
    const likely = asked === "" ? this.options.defaultProtocol : asked;
    if (!this.hasAcceptors || protocols[likely].acceptor !== null) return likely;
    const names = Object.keys(protocols).filter(isProtocolName);
    return names.find((name) => protocols[name].acceptor !== null && protocols[name].unsafe === null) ?? likely;
  }

  private get hasAcceptors(): boolean {
    return this.options.groups.all().length > 0;
  }
}
