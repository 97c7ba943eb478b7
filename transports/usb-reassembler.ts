import { u16At } from "../src/common/bytes.ts";
import { PacketType } from "../src/hci/packet.ts";
import type { PacketSink } from "./h4-framer.ts";

/**
 * Puts the packets of one endpoint together: USB cuts them into transfers as it likes, so that one may bring half an
 * event or two of them. Which type they are the endpoint says. Vol 4, Part B, 2.
 */
export class UsbReassembler {
  readonly #sink: PacketSink;
  readonly #headerSize: number;
  /** Packet-type octet first. */
  #packet = new Uint8Array(1 + 260);
  #size = 1;

  constructor(type: typeof PacketType.Event | typeof PacketType.AclData, sink: PacketSink) {
    this.#sink = sink;
    this.#packet[0] = type;
    this.#headerSize = type === PacketType.Event ? 2 : 4;
  }

  /** Takes what a transfer has brought, and gives every packet that is now whole to the sink. */
  push(octets: Uint8Array): void {
    let at = 0;
    while (at < octets.length) {
      const end = Math.min(octets.length, at + this.#missing());
      this.#packet.set(octets.subarray(at, end), this.#size);
      this.#size += end - at;
      at = end;
      if (this.#missing() > 0) continue;
      const size = this.#size;
      this.#size = 1;
      this.#sink.packet(this.#packet.subarray(0, size));
    }
  }

  /** Octets until the header is whole, or the packet. */
  #missing(): number {
    const headerEnd = 1 + this.#headerSize;
    if (this.#size < headerEnd) return headerEnd - this.#size;
    const packet = this.#packet;
    const length = packet[0] === PacketType.Event ? (packet[2] ?? 0) : u16At(packet, 3);
    const end = headerEnd + length;
    if (end > packet.length) {
      this.#packet = new Uint8Array(end);
      this.#packet.set(packet.subarray(0, this.#size));
    }
    return end - this.#size;
  }
}
