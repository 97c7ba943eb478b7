import { hexNumber, u16At } from "../common/bytes.ts";
import type { Clock } from "../common/clock.ts";
import type { BleError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import type { LinkSecurity } from "../common/security.ts";
import type { AclLink } from "../hci/acl-link.ts";
import type { AclQueue } from "../hci/acl-queue.ts";
import type { AclReceiver } from "../hci/hci.ts";
import { type Channel, type ChannelUser, FixedCid } from "./channel.ts";
import { ChannelAcceptor } from "./channel-acceptor.ts";
import { serveChannels } from "./channel-commands.ts";
import { ChannelOpener } from "./channel-opener.ts";
import { ChannelTable } from "./channel-table.ts";
import { firstDynamicCid } from "./cid-allocator.ts";
import type { OpenChannel, OpenedChannels, OpenRequest } from "./credit-channel.ts";
import { ChannelUnavailableError } from "./error.ts";
import { LinkChannel } from "./link-channel.ts";
import { type ParametersPolicy, ParameterUpdates, requestParameters } from "./parameter-update.ts";
import { basicHeaderSize, Reassembler } from "./reassembler.ts";
import { Signaling } from "./signaling.ts";
import type { ConnectionParameterUpdateRequest } from "./signaling-pdu.ts";
import type { SpsmRegistry } from "./spsm-registry.ts";

/** What a link's channels are made of. */
export interface L2capSetup {
  readonly acl: AclQueue;
  readonly connectionHandle: number;
  readonly role: "central" | "peripheral";
  readonly clock: Clock;
  readonly security: LinkSecurity;
  /** Shared by all links of a host. */
  readonly listeners: SpsmRegistry;
  /** As central: decides about the peripheral's wishes, and has the controller fulfil those it accepts. */
  readonly parametersRequested: ParametersPolicy;
}

interface FixedChannel {
  readonly channel: LinkChannel;
  readonly user: ChannelUser;
}

const ownFixedCids: ReadonlySet<number> = new Set(Object.values(FixedCid));

/** All channels of one LE link. Vol 3, Part A, 2. */
export class L2capLink implements AclReceiver {
  readonly #acl: AclQueue;
  readonly #link: AclLink;
  readonly #role: "central" | "peripheral";
  readonly #reassembler = new Reassembler();
  /** By channel identifier. An array: the fixed channels are the first few. */
  readonly #fixed: (FixedChannel | undefined)[] = [];
  readonly #signaling: Signaling;
  readonly #table: ChannelTable;
  readonly #opener: ChannelOpener;
  readonly #acceptor: ChannelAcceptor;
  readonly #parameters: ParameterUpdates | undefined;
  #ended: BleError | undefined;

  constructor(setup: L2capSetup) {
    const { acl, clock, role, security, parametersRequested } = setup;
    this.#acl = acl;
    this.#role = role;
    this.#link = acl.open(setup.connectionHandle);
    this.#signaling = this.attach(FixedCid.Signaling, (channel) => new Signaling(channel, clock));
    this.#table = new ChannelTable(acl, this.#link, this.#signaling);
    this.#opener = new ChannelOpener(this.#signaling, this.#table, security);
    this.#acceptor = new ChannelAcceptor(setup, this.#signaling, this.#table);
    serveChannels(this.#signaling, this.#table);
    // "Command not understood" is a central's answer to its own request. Vol 3, Part A, 4.20.
    if (role === "central") {
      this.#parameters = new ParameterUpdates(this.#signaling, clock, parametersRequested);
    }
  }

  /** Opens the user's end of a fixed channel. Each may have one user. */
  attach<User extends ChannelUser>(cid: number, user: (channel: Channel) => User): User {
    const channel = new LinkChannel(this.#acl, this.#link, cid);
    const opened = user(channel);
    this.#fixed[cid] = { channel, user: opened };
    return opened;
  }

  /**
   * Opens a fixed channel of the program. Vol 3, Part A, 2.1.
   *
   * @throws {@link RangeError} It is no fixed channel, or one of the stack's own.
   * @throws {@link ChannelUnavailableError} It is open already, or the link has gone.
   */
  openFixed<User extends ChannelUser>(cid: number, user: (channel: Channel) => User): User {
    if (!Number.isInteger(cid) || cid < 1 || cid >= firstDynamicCid || ownFixedCids.has(cid)) {
      throw new RangeError(`cid: give one from 0x0001 to 0x003f but 0x0004 to 0x0006, not ${cid}`);
    }
    if (this.#ended) throw new ChannelUnavailableError("the link has gone", { cause: this.#ended });
    if (this.#fixed[cid]) {
      throw new ChannelUnavailableError(`the fixed channel 0x${hexNumber(cid, 4)} is open already`);
    }
    return this.attach(cid, user);
  }

  /** Closes what {@link openFixed} opened. Its user is told nothing more. */
  closeFixed(cid: number): void {
    if (ownFixedCids.has(cid)) return;
    this.#fixed[cid]?.channel.close();
    this.#fixed[cid] = undefined;
  }

  /**
   * Asks the peer for credit-based channels. Vol 3, Part A, 4.22 and 4.25.
   *
   * When the peer wants more security first, raises it once and asks once more.
   *
   * @param open - Makes the user of each channel that opens, before `done` is called.
   * @returns Calls the attempt off: `done` is then never called, and a channel that still opens is disconnected.
   * @throws {@link RangeError} An option is out of its range; the message names it.
   * @throws {@link TypeError} An option is of another kind.
   */
  openChannels(request: OpenRequest, open: OpenChannel, done: Done<OpenedChannels>): () => void {
    return this.#opener.open(request, open, done);
  }

  /**
   * Asks the central for other connection parameters; ends with {@link ParametersRefusedError} when it will not.
   * Vol 3, Part A, 4.20.
   *
   * @throws {@link TypeError} This side is the central, which needs not ask.
   * @throws {@link RangeError} No link may have such parameters.
   */
  requestParameters(request: ConnectionParameterUpdateRequest, done: Done<undefined>): void {
    if (this.#role === "central") throw new TypeError("only a peripheral asks for connection parameters");
    requestParameters(this.#signaling, request, done);
  }

  /**
   * Calls once: when the peer's controller has what was sent of signalling, Security Manager and ATT responses so far, or
   * the link has gone.
   */
  whenDelivered(callback: () => void): void {
    this.#link.whenDelivered(callback);
  }

  /** @throws {@link MalformedPduError} What came does not fit what came before, or its channel's rules. */
  receiveAcl(continues: boolean, packet: Uint8Array, start = 0): void {
    // Nearly every PDU comes in one packet: then one view is made of it here, and none of the packet's payload.
    if (!continues && this.#reassembler.isWhole(packet, start)) {
      this.#receive(packet, start);
      return;
    }
    const pdu = this.#reassembler.push(continues, packet.subarray(start));
    if (pdu) this.#receive(pdu, 0);
  }

  /** Takes a whole PDU, whose Basic header is at `start`. */
  #receive(octets: Uint8Array, start: number): void {
    const cid = u16At(octets, start + 2);
    // A PDU for a channel that does not exist is dropped: only signalling commands have an answer for that.
    const receiver = cid < firstDynamicCid ? this.#fixed[cid]?.user : this.#table.local(cid);
    receiver?.receive(octets.subarray(start + basicHeaderSize));
  }

  /** The link is gone: tells every channel's user, and then those who wait for room on one. */
  close(reason: BleError): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#acl.close(this.#link);
    this.#table.end(reason);
    this.#acceptor.end(reason);
    this.#parameters?.end();
    for (const fixed of this.#fixed.splice(0)) fixed?.user.closed(reason);
    this.#opener.end(reason);
    this.#link.release();
  }
}
