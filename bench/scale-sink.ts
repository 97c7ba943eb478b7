import { putU16, u16At } from "../src/common/bytes.ts";
import { NumberOfCompletedPackets } from "../src/hci/events/flow.ts";
import { PacketType } from "../src/hci/packet.ts";
import type { HciReceiver, HciTransport } from "../src/hci/transport.ts";

/** Of an event, with the type of packet in front. */
const headerSize = 3;

/**
 * A controller that, once it is told to, counts the data of its host and completes it, in place of sending it: what is
 * then measured is one host, and neither radio nor peers.
 */
export class SinkController implements HciTransport {
  /** Called with each packet that has gone no further; absent as long as all do. */
  onPacket: (() => void) | undefined;
  readonly #inner: HciTransport;
  /** How many packets of each handle have been taken since the host was told, and of which there are any. */
  readonly #taken = new Uint16Array(0x1000);
  readonly #handles = new Uint16Array(0x1000);
  #count = 0;
  #receiver: HciReceiver | undefined;
  #isScheduled = false;

  constructor(inner: HciTransport) {
    this.#inner = inner;
  }

  start(receiver: HciReceiver): void {
    this.#receiver = receiver;
    this.#inner.start(receiver);
  }

  send(packet: Uint8Array): void {
    if (packet[0] !== PacketType.AclData || !this.onPacket) {
      this.#inner.send(packet);
      return;
    }
    const handle = u16At(packet, 1) & 0x0fff;
    const taken = this.#taken[handle] ?? 0;
    this.#taken[handle] = taken + 1;
    if (taken === 0) this.#handles[this.#count++] = handle;
    this.onPacket();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#complete);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }

  /** One event for all links. Vol 4, Part E, 7.7.19. */
  readonly #complete = (): void => {
    this.#isScheduled = false;
    const count = this.#count;
    this.#count = 0;
    const event = new Uint8Array(headerSize + 1 + 4 * count);
    event.set([PacketType.Event, NumberOfCompletedPackets.code, event.length - headerSize, count]);
    for (let i = 0; i < count; i++) {
      const handle = this.#handles[i] ?? 0;
      putU16(event, headerSize + 1 + 4 * i, handle);
      putU16(event, headerSize + 3 + 4 * i, this.#taken[handle] ?? 0);
      this.#taken[handle] = 0;
    }
    this.#receiver?.packet(event);
  };
}
