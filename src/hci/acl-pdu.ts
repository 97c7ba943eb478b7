import { putU16 } from "../common/bytes.ts";
import { aclHeaderSize, PacketBoundary } from "./acl-view.ts";
import { newOctets } from "./octet-pool.ts";
import { PacketType } from "./packet.ts";

/** Up to so many octets a loop is faster than the call of `set`: a header is nearly always that short. */
const shortOctets = 8;

/**
 * One PDU for a link, laid out in one buffer as the HCI ACL Data packets that carry it: in front of each fragment
 * there is room for its header, so that the PDU is written once and never copied again. Vol 4, Part E, 5.4.2.
 */
export class AclPdu {
  /** How many HCI packets, and so controller buffers, the PDU takes. */
  readonly packets: number;
  readonly #buffer: Uint8Array;
  /** Octets of payload in each packet but the last. */
  readonly #packetOctets: number;
  #sent = 0;

  /**
   * @param size - Octets of the PDU.
   * @param packetOctets - The largest payload of an ACL Data packet that the controller takes.
   */
  constructor(connectionHandle: number, size: number, packetOctets: number) {
    this.#packetOctets = packetOctets;
    this.packets = size <= packetOctets ? 1 : Math.ceil(size / packetOctets);
    this.#buffer = newOctets(size + this.packets * aclHeaderSize);
    let left = size;
    for (let at = 0; at < this.#buffer.length; at += aclHeaderSize + packetOctets) {
      const boundary = at === 0 ? PacketBoundary.FirstNonFlushable : PacketBoundary.Continuing;
      this.#buffer[at] = PacketType.AclData;
      putU16(this.#buffer, at + 1, connectionHandle | (boundary << 12));
      putU16(this.#buffer, at + 3, Math.min(left, packetOctets));
      left -= packetOctets;
    }
  }

  /** Copies `octets` to `at`, counted in octets of the PDU. */
  write(at: number, octets: Uint8Array): void {
    if (this.packets === 1) {
      if (octets.length > shortOctets) this.#buffer.set(octets, aclHeaderSize + at);
      else for (let i = 0; i < octets.length; i++) this.#buffer[aclHeaderSize + at + i] = octets[i] ?? 0;
      return;
    }
    let from = 0;
    while (from < octets.length) {
      const inPacket = (at + from) % this.#packetOctets;
      const piece = octets.subarray(from, from + this.#packetOctets - inPacket);
      this.#buffer.set(piece, this.#place(at + from));
      from += piece.length;
    }
  }

  /** Writes one octet at `at`, counted in octets of the PDU. */
  put(at: number, octet: number): void {
    this.#buffer[this.packets === 1 ? aclHeaderSize + at : this.#place(at)] = octet;
  }

  /** The next packet in order. After the last one, {@link done} is true. */
  next(): Uint8Array {
    const stride = aclHeaderSize + this.#packetOctets;
    const start = this.#sent++ * stride;
    return this.packets === 1 ? this.#buffer : this.#buffer.subarray(start, start + stride);
  }

  /** Whether every packet was taken. */
  get done(): boolean {
    return this.#sent === this.packets;
  }

  #place(at: number): number {
    return at + aclHeaderSize * (Math.floor(at / this.#packetOctets) + 1);
  }
}
