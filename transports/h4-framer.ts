import { hexNumber, u16At } from "../src/common/bytes.ts";
import { MalformedPduError } from "../src/common/errors.ts";
import { PacketType } from "../src/hci/packet.ts";

/** Where whole packets go; an HciReceiver is one. */
export interface PacketSink {
  /** One whole packet, packet-type octet first, *borrowed* until the call returns. Must not push in return. */
  packet(packet: Uint8Array): void;
}

/** By packet type: the packet-type octet and the header that ends with the length. Vol 4, Part E, 5.4. */
const headerSizes = [0, 4, 5, 4, 3, 5];

/**
 * Cuts a stream of octets into HCI packets. Vol 4, Part A, 2.
 *
 * A packet that lies whole in a chunk is a view of the chunk; only one that straddles chunks is copied, into a buffer
 * used again for the next such packet.
 */
export class H4Framer {
  /** The beginning of a packet whose rest has not come. */
  #partial = new Uint8Array(1024);
  #held = 0;
  /** Octets of the stream before the chunk being read. */
  #offset = 0;
  #fault: MalformedPduError | undefined;
  #understood = 0;

  /** The beginning of a packet whose rest has not come; *borrowed* until the next call. */
  get held(): Uint8Array {
    return this.#partial.subarray(0, this.#held);
  }

  /** Why the stream cannot be followed any further, if so. */
  get fault(): MalformedPduError | undefined {
    return this.#fault;
  }

  /** Where in the last chunk the {@link fault} is: the octets before it were understood. */
  get understood(): number {
    return this.#understood;
  }

  /**
   * Takes the next octets of the stream and gives every packet that is now whole to `sink`, in order.
   *
   * @throws {@link MalformedPduError} An octet that is no packet type stands where a packet begins. What came before
   *   it has been delivered. Where the next packet begins can no longer be told, so every further call throws the
   *   same until {@link reset}.
   */
  push(chunk: Uint8Array, sink: PacketSink): void {
    if (this.#fault) throw this.#fault;
    // Sockets give Buffers, and slice() of a Buffer does not copy: whoever keeps a packet must be able to rely on it.
    const octets = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = this.#held > 0 ? this.#complete(octets, sink) : 0;
    while (at < octets.length) {
      const size = packetSize(octets, at, octets.length);
      if (size < 0) throw this.#fail(octets[at] ?? 0, at);
      if (size === 0 || at + size > octets.length) {
        this.#hold(octets, at, octets.length);
        break;
      }
      sink.packet(octets.subarray(at, at + size));
      at += size;
    }
    this.#offset += octets.length;
  }

  /** Forgets the beginning of a packet and the fault, if any: the next octet begins a packet, and counts as octet 0. */
  reset(): void {
    this.#held = 0;
    this.#offset = 0;
    this.#fault = undefined;
  }

  /** Adds to the packet that earlier chunks began, and returns how many octets of this one it took. */
  #complete(octets: Uint8Array, sink: PacketSink): number {
    let at = 0;
    for (;;) {
      const held = this.#held;
      const size = packetSize(this.#partial, 0, held);
      if (held === size) {
        this.#held = 0;
        sink.packet(this.#partial.subarray(0, size));
        return at;
      }
      if (at === octets.length) return at;
      const missing = size === 0 ? 1 : size - held;
      const end = Math.min(at + missing, octets.length);
      this.#hold(octets, at, end);
      at = end;
    }
  }

  #hold(octets: Uint8Array, start: number, end: number): void {
    const held = this.#held + end - start;
    if (held > this.#partial.length) {
      const larger = new Uint8Array(Math.max(held, 2 * this.#partial.length));
      larger.set(this.#partial.subarray(0, this.#held));
      this.#partial = larger;
    }
    this.#partial.set(octets.subarray(start, end), this.#held);
    this.#held = held;
  }

  #fail(octet: number, at: number): MalformedPduError {
    const where = `octet ${this.#offset + at} of the stream`;
    this.#understood = at;
    this.#fault = new MalformedPduError("H4", `0x${hexNumber(octet, 2)}, ${where}, is no packet type`);
    return this.#fault;
  }
}

/** Size of the packet that begins at `at`; 0 while too few octets are there to tell, -1 when none begins like this. */
export function packetSize(octets: Uint8Array, at: number, end: number): number {
  const type = octets[at] ?? 0;
  const header = headerSizes[type] ?? 0;
  if (header === 0) return -1;
  if (end - at < header) return 0;
  if (type === PacketType.AclData) return header + u16At(octets, at + 3);
  // ISO_Data_Load_Length has 14 bits; the two above are reserved (Vol 4, Part E, 5.4.5).
  if (type === PacketType.IsoData) return header + (u16At(octets, at + 3) & 0x3fff);
  return header + (octets[at + header - 1] ?? 0);
}
