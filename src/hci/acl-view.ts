import { u16At } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";

/** The Packet_Boundary_Flag of an ACL Data packet. Vol 4, Part E, 5.4.2, Table 5.2. */
export const PacketBoundary = {
  /** Host to controller: the start of a PDU that the controller may not flush, which is every PDU on LE. */
  FirstNonFlushable: 0b00,
  Continuing: 0b01,
  /** Controller to host: the start of a PDU. */
  FirstFlushable: 0b10,
} as const;

/** Octets in front of the payload: packet type, handle with flags, length. Vol 4, Part A, 2 and Part E, 5.4.2. */
export const aclHeaderSize = 5;

/**
 * An HCI ACL Data packet, read in place. Vol 4, Part E, 5.4.2.
 *
 * `over` checks every length once; after that no accessor fails or copies.
 */
export class AclView {
  readonly #packet: Uint8Array;

  private constructor(packet: Uint8Array) {
    this.#packet = packet;
  }

  /** @throws {@link MalformedPduError} The packet is shorter or longer than it says. */
  static over(packet: Uint8Array): AclView {
    const size = packet.length - aclHeaderSize;
    if (size < 0 || u16At(packet, 3) !== size) {
      throw new MalformedPduError("HCI ACL Data", "the length does not match", packet);
    }
    return new AclView(packet);
  }

  get connectionHandle(): number {
    return u16At(this.#packet, 1) & 0x0fff;
  }

  /** Two bits; see {@link PacketBoundary}. */
  get packetBoundary(): number {
    return ((this.#packet[2] ?? 0) >> 4) & 0b11;
  }

  /** Whether the payload goes on with a PDU that an earlier packet began. */
  get continues(): boolean {
    return this.packetBoundary === PacketBoundary.Continuing;
  }

  /** Two bits; always 0 on LE. */
  get broadcast(): number {
    return (this.#packet[2] ?? 0) >> 6;
  }

  /** *Borrowed*: valid until the current turn ends. Copy it to keep it. */
  get payload(): Uint8Array {
    return this.#packet.subarray(aclHeaderSize);
  }
}
