import { u16At } from "../common/bytes.ts";
import type { BleError } from "../common/errors.ts";
import type { Priority } from "../common/priority.ts";
import type { AclLink } from "../hci/acl-link.ts";
import type { AclQueue } from "../hci/acl-queue.ts";
import type { AclReceiver } from "../hci/hci.ts";
import { type Channel, type ChannelUser, FixedCid } from "./channel.ts";
import { basicHeaderSize, Reassembler } from "./reassembler.ts";
import { segment } from "./segmenter.ts";
import { Signaling } from "./signaling.ts";

class LinkChannel implements Channel {
  readonly #acl: AclQueue;
  readonly #link: AclLink;
  readonly #cid: number;

  constructor(acl: AclQueue, link: AclLink, cid: number) {
    this.#acl = acl;
    this.#link = link;
    this.#cid = cid;
  }

  send(priority: Priority, head: Uint8Array, body?: Uint8Array): void {
    const { packetOctets } = this.#acl.buffers;
    this.#acl.send(
      this.#link,
      segment(this.#link.connectionHandle, packetOctets, this.#cid, head, body),
      priority,
    );
  }

  hasRoom(priority: Priority): boolean {
    return this.#link.hasRoom(priority);
  }

  whenRoom(priority: Priority, callback: () => void): void {
    this.#link.whenRoom(priority, callback);
  }
}

/** All channels of one LE link. Vol 3, Part A, 2. */
export class L2capLink implements AclReceiver {
  readonly #acl: AclQueue;
  readonly #link: AclLink;
  readonly #reassembler = new Reassembler();
  /** By channel identifier. An array: the fixed channels are the first few. */
  readonly #users: (ChannelUser | undefined)[] = [];

  constructor(acl: AclQueue, connectionHandle: number) {
    this.#acl = acl;
    this.#link = acl.open(connectionHandle);
    this.attach(FixedCid.Signaling, (channel) => new Signaling(channel));
  }

  /** Opens the user's end of a fixed channel. Each may have one user. */
  attach<User extends ChannelUser>(cid: number, user: (channel: Channel) => User): User {
    const opened = user(new LinkChannel(this.#acl, this.#link, cid));
    this.#users[cid] = opened;
    return opened;
  }

  /** @throws {@link MalformedPduError} What came does not fit what came before, or its channel's rules. */
  receiveAcl(continues: boolean, payload: Uint8Array): void {
    const pdu = this.#reassembler.push(continues, payload);
    // A PDU for a channel that does not exist is dropped: only signalling commands have an answer for that.
    if (pdu) this.#users[u16At(pdu, 2)]?.receive(pdu.subarray(basicHeaderSize));
  }

  /** The link is gone: tells every channel's user, and then those who wait for room on one. */
  close(reason: BleError): void {
    this.#acl.close(this.#link);
    for (const user of this.#users.splice(0)) user?.closed(reason);
    this.#link.release();
  }
}
