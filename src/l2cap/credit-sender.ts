import { concat, noOctets } from "../common/bytes.ts";
import type { Priority } from "../common/priority.ts";
import type { AclLink } from "../hci/acl-link.ts";
import { AclPdu } from "../hci/acl-pdu.ts";
import type { AclQueue } from "../hci/acl-queue.ts";
import { mostCredits, sduLengthSize } from "./credit-limits.ts";
import { basicHeaderSize } from "./reassembler.ts";
import { SduLine } from "./sdu-line.ts";

/** What the peer can receive on a channel, as it has told us. */
export interface PeerEnd {
  readonly cid: number;
  readonly mtu: number;
  readonly mps: number;
  readonly credits: number;
}

/** Octets of the longest K-frame that is cut into several ACL packets, which nothing else can come between. */
const longestCut = 2_048;

/**
 * The sending end of a credit-based channel: SDUs to K-frames, as many as there are credits for.
 * Vol 3, Part A, 3.4.3, 7.11 and 10.1.
 *
 * A K-frame is laid out when it has both a credit and a place on the link, so what waits can still be overtaken by all
 * that goes first there, and channels take turns. It fills one ACL packet, which is fastest; only a peer that is mean
 * with credits gets longer ones. An SDU is copied straight into its K-frames as far as they can go; what is left of it is kept.
 */
export class CreditSender {
  readonly #acl: AclQueue;
  readonly #link: AclLink;
  readonly #priority: Priority;
  readonly #cid: number;
  readonly #lines = [new SduLine(), new SduLine(), new SduLine()] as const;
  readonly #drained: (() => void)[] = [];
  #mtu: number;
  #mps: number;
  #credits: number;
  #closed = false;
  /** The SDU under way: its length, how much of it is not on the link, and where that stands in its two parts. */
  #size = 0;
  #left = 0;
  #head = noOctets;
  #body = noOctets;
  #headAt = 0;
  #bodyAt = 0;
  #underWay = false;
  /** Whether none of it has gone, so that its length has to. */
  #atStart = false;
  #waitsForLink = false;
  /** One for all K-frames. */
  readonly #resume = (): void => {
    this.#waitsForLink = false;
    if (this.#closed) return;
    // The place that this call tells of is ours, whoever else waits.
    if (this.#credits > 0 && this.#hasMore) this.#sendFrame();
    this.#pump();
    this.#tell();
  };

  constructor(acl: AclQueue, link: AclLink, peer: PeerEnd, priority: Priority) {
    this.#acl = acl;
    this.#link = link;
    this.#priority = priority;
    this.#cid = peer.cid;
    this.#mtu = peer.mtu;
    this.#mps = peer.mps;
    this.#credits = peer.credits;
  }

  get mtu(): number {
    return this.#mtu;
  }

  get mps(): number {
    return this.#mps;
  }

  get credits(): number {
    return this.#credits;
  }

  /** Octets that have not been handed to the link. */
  get waiting(): number {
    const lines = this.#lines;
    return lines[0].octets + lines[1].octets + lines[2].octets + this.#left;
  }

  /**
   * Queues an SDU, copied before it returns.
   *
   * @throws {@link RangeError} It is longer than the peer receives.
   */
  send(priority: Priority, head: Uint8Array, body: Uint8Array): void {
    if (this.#closed || !this.#link.open) return; // the user has been told, or is about to be
    const size = head.length + body.length;
    if (size > this.#mtu) {
      throw new RangeError(`the peer receives SDUs of up to ${this.#mtu} octets, not ${size}`);
    }
    if (this.#underWay || this.#credits === 0 || this.#waitsForLink) {
      this.#lines[priority].push(concat(head, body));
      return;
    }
    this.#begin(head, body);
    this.#pump();
    this.#keep();
  }

  hasRoom(priority: Priority): boolean {
    return this.#closed || this.#lines[priority].hasRoom;
  }

  whenRoom(priority: Priority, callback: () => void): void {
    if (this.hasRoom(priority)) callback();
    else this.#lines[priority].whenRoom(callback);
  }

  whenDrained(callback: () => void): void {
    if (this.#closed || !this.#hasMore) callback();
    else this.#drained.push(callback);
  }

  /** The peer can take more K-frames. False when that makes more than there can be. Vol 3, Part A, 10.1. */
  addCredits(credits: number): boolean {
    if (this.#credits + credits > mostCredits) return false;
    this.#credits += credits;
    this.#pump();
    this.#tell();
    return true;
  }

  /** The peer has told of other limits. What is under way goes on with them. */
  limit(mtu: number, mps: number): void {
    this.#mtu = mtu;
    this.#mps = mps;
  }

  /** Forgets what waits. */
  close(): void {
    this.#closed = true;
    for (const line of this.#lines) line.clear();
    this.#end();
  }

  /** Lets everyone go on who waits, who finds the channel closed: the user has been told. */
  release(): void {
    for (const line of this.#lines) line.release();
    for (const callback of this.#drained.splice(0)) callback();
  }

  /** Whether something waits. */
  get #hasMore(): boolean {
    const lines = this.#lines;
    return this.#underWay || !(lines[0].empty && lines[1].empty && lines[2].empty);
  }

  #begin(head: Uint8Array, body: Uint8Array): void {
    this.#head = head;
    this.#body = body;
    this.#headAt = this.#bodyAt = 0;
    this.#size = this.#left = head.length + body.length;
    this.#underWay = this.#atStart = true;
  }

  #end(): void {
    this.#head = this.#body = noOctets;
    this.#left = 0;
    this.#underWay = false;
  }

  /** What was lent is given back: of an SDU that could not go at once the rest is copied. */
  #keep(): void {
    if (!this.#underWay) return;
    this.#head = concat(this.#head.subarray(this.#headAt), this.#body.subarray(this.#bodyAt));
    this.#body = noOctets;
    this.#headAt = this.#bodyAt = 0;
  }

  #pump(): void {
    while (this.#credits > 0 && !this.#waitsForLink && this.#hasMore) {
      if (this.#link.hasRoom(this.#priority)) {
        this.#sendFrame();
      } else {
        this.#waitsForLink = true;
        this.#link.whenRoom(this.#priority, this.#resume);
      }
    }
  }

  #sendFrame(): void {
    if (!this.#underWay) this.#begin(this.#next(), noOctets);
    const { packetOctets } = this.#acl.buffers;
    const lengthSize = this.#atStart ? sduLengthSize : 0;
    const size = this.#frameSize(lengthSize + this.#left, packetOctets);
    const frame = new AclPdu(this.#link.connectionHandle, basicHeaderSize + size, packetOctets);
    frame.put(0, size);
    frame.put(1, size >> 8);
    frame.put(2, this.#cid);
    frame.put(3, this.#cid >> 8);
    if (this.#atStart) {
      frame.put(basicHeaderSize, this.#size);
      frame.put(basicHeaderSize + 1, this.#size >> 8);
      this.#atStart = false;
    }
    this.#write(frame, basicHeaderSize + lengthSize, size - lengthSize);
    this.#credits--;
    if (this.#left === 0) this.#end();
    this.#acl.send(this.#link, frame, this.#priority);
  }

  /** How long the next K-frame is, when `left` octets with the SDU length have to go. */
  #frameSize(left: number, packetOctets: number): number {
    const inOnePacket = Math.min(this.#mps, packetOctets - basicHeaderSize);
    if (left <= inOnePacket * this.#credits) return Math.min(left, inOnePacket);
    const share = Math.min(left / this.#credits, longestCut);
    const packets = Math.ceil((share + basicHeaderSize) / packetOctets);
    return Math.min(left, this.#mps, packets * packetOctets - basicHeaderSize);
  }

  #write(frame: AclPdu, at: number, size: number): void {
    const fromHead = Math.min(size, this.#head.length - this.#headAt);
    if (fromHead > 0) frame.write(at, this.#head.subarray(this.#headAt, (this.#headAt += fromHead)));
    const fromBody = size - fromHead;
    if (fromBody > 0) {
      frame.write(at + fromHead, this.#body.subarray(this.#bodyAt, (this.#bodyAt += fromBody)));
    }
    this.#left -= size;
  }

  #next(): Uint8Array {
    const lines = this.#lines;
    return lines[0].shift() ?? lines[1].shift() ?? lines[2].shift() ?? noOctets;
  }

  /** Lets those go on who wait for room that there is now, or for the end of waiting. */
  #tell(): void {
    for (const line of this.#lines) line.tellRoom(!this.#hasMore);
    if (!this.#hasMore) for (const callback of this.#drained.splice(0)) callback();
  }
}
