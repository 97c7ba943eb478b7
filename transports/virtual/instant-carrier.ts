import { noOctets } from "../../src/common/bytes.ts";
import { aclHeaderSize } from "../../src/hci/acl-view.ts";
import { deliver } from "./acl-delivery.ts";
import type { Carrier, ControlPdu } from "./carrier.ts";
import type { SharedLink, LinkEnd } from "./link-end.ts";
import { captureLinkPacket, llidOf, payloadOf } from "./link-capture.ts";
import { Llid } from "./llid.ts";
import { isLost } from "./loss.ts";

/** What waits at one end until the other hears it: ACL packets and control. */
interface Side {
  waiting: (Uint8Array | ControlPdu)[];
  /** For the capture. Vol 6, Part B, 4.5.9. */
  sequence: number;
}

/** Packets take no time: what one end sends the other has, as soon as they hear one another. */
export class InstantCarrier implements Carrier<LinkEnd> {
  readonly #link: SharedLink;
  readonly #sides: readonly [Side, Side] = [
    { waiting: [], sequence: 0 },
    { waiting: [], sequence: 0 },
  ];
  #disposed = false;

  constructor(link: SharedLink) {
    this.#link = link;
  }

  data(end: LinkEnd, packet: Uint8Array): void {
    const { waiting } = this.#sides[end.role];
    if (this.#link.silent || end.paused || waiting.length > 0) waiting.push(packet);
    else this.#transfer(end, packet);
  }

  control(end: LinkEnd, pdu: ControlPdu): void {
    const { waiting } = this.#sides[end.role];
    if (this.#link.silent || (pdu.behindData && waiting.length > 0)) waiting.push(pdu);
    else this.#inform(end, pdu);
  }

  at(_instant: number, callback: () => void): boolean {
    callback();
    return true;
  }

  settle(): void {
    const link = this.#link;
    if (link.silent || this.#disposed) return;
    link.established = true;
    const { central } = link;
    const now = link.medium.clock.now();
    const events = link.plan.idle(link.plan.eventAt(now));
    for (const end of [central, central.peer]) {
      end.heardAt = now;
      end.counters.connectionEvents += events;
    }
  }

  pause(): void {
    // What comes from now on sees that the link is silent.
  }

  resume(): void {
    const { central } = this.#link;
    for (const end of [central, central.peer]) {
      const side = this.#sides[end.role];
      const waiting = side.waiting;
      side.waiting = [];
      for (const item of waiting) {
        if (item instanceof Uint8Array) this.data(end, item);
        else this.control(end, item);
      }
    }
  }

  replan(): void {
    this.resume();
  }

  dispose(): void {
    this.#disposed = true;
    for (const side of this.#sides) side.waiting = [];
  }

  #transfer(end: LinkEnd, packet: Uint8Array): void {
    const size = packet.length - aclHeaderSize;
    const { octets } = end.dataLength.transmit;
    this.#count(end, size <= octets ? 1 : Math.ceil(size / octets));
    if ((this.#link.medium.capture || end.encryption.transmit) && !this.#carryParts(end, packet)) return;
    if (end.encrypted) end.peer.encryption.payload.heard();
    deliver(end.peer, packet, end);
  }

  /** False if the peer can make nothing of it. */
  #carryParts(end: LinkEnd, packet: Uint8Array): boolean {
    const size = packet.length - aclHeaderSize;
    const { octets } = end.dataLength.transmit;
    for (let at = 0; at < size; at += octets) {
      const payload = payloadOf(packet, at, Math.min(octets, size - at));
      const received = this.#carry(end, llidOf(packet, at), payload);
      if (!received) return false;
      if (received !== payload) payload.set(received);
    }
    return true;
  }

  /** What the peer makes of the payload of one packet. */
  #carry(end: LinkEnd, llid: Llid, payload: Uint8Array): Uint8Array | undefined {
    const sealed = end.encryption.transmit?.seal(llid, payload);
    const { capture } = this.#link.medium;
    if (capture)
      this.#capture(end, llid, capture.ciphered ? (sealed ?? payload) : payload, sealed !== undefined);
    return sealed ? end.peer.encryption.open(llid, sealed) : payload;
  }

  #inform(end: LinkEnd, pdu: ControlPdu): void {
    const { plan, medium } = this.#link;
    const event = plan.eventAt(medium.clock.now());
    if (pdu.instantAt !== undefined) {
      pdu.octets[pdu.instantAt] = event;
      pdu.octets[pdu.instantAt + 1] = event >> 8;
    }
    this.#count(end, 1);
    if (!this.#carry(end, Llid.Control, pdu.octets)) return;
    if (end.encrypted) end.peer.encryption.payload.heard();
    pdu.arrived(event);
  }

  #count({ counters }: LinkEnd, packets: number): void {
    counters.packets += packets;
    if (this.#link.loss === 0) return;
    // Each goes again until it arrives, all at the same moment.
    for (let left = packets; left > 0; left--) {
      while (isLost(this.#link)) {
        counters.packets++;
        counters.retransmissions++;
      }
    }
  }

  /** The packet and its acknowledgement. */
  #capture(end: LinkEnd, llid: Llid, payload: Uint8Array, encrypted: boolean): void {
    const { clock } = this.#link.medium;
    const now = clock.now();
    const event = this.#link.plan.eventAt(now);
    const own = this.#sides[end.role];
    const other = this.#sides[end.peer.role];
    const decrypted = encrypted && this.#link.medium.capture?.ciphered === false;
    const packet = { llid, sn: own.sequence, nesn: other.sequence, md: false, payload, decrypted };
    captureLinkPacket(end, now, event, packet);
    own.sequence ^= 1;
    const answer = { llid: Llid.Continuation, sn: other.sequence, nesn: own.sequence, md: false };
    captureLinkPacket(end.peer, now, event, { ...answer, payload: noOctets });
    other.sequence ^= 1;
  }
}
