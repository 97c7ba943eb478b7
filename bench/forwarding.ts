import { putU16, u16At } from "../src/common/bytes.ts";
import { LeConnectionComplete, LeEnhancedConnectionComplete } from "../src/hci/events/le-connection.ts";
import { PacketType } from "../src/hci/packet.ts";
import type { HciReceiver, HciTransport } from "../src/hci/transport.ts";

const leMeta = 0x3e;
const connectionComplete: ReadonlySet<number | undefined> = new Set([
  LeConnectionComplete.subevent,
  LeEnhancedConnectionComplete.subevent,
]);
const numberOfCompletedPackets = 0x13;
const firstFlushable = 0b10;
const settled = Promise.resolve();

/**
 * Two controllers that only forward data: commands and events are those of the virtual ones behind them, but an ACL Data
 * packet goes straight to the other host, and counts as completed at the same moment. What is then measured is the
 * hosts, and next to nothing else.
 *
 * @returns The transports in place of those given, in the same order. They know one connection, that of each other.
 */
export function forwarding(one: HciTransport, other: HciTransport): [HciTransport, HciTransport] {
  const ends: [End, End] = [new End(one), new End(other)];
  ends[0].peer = ends[1];
  ends[1].peer = ends[0];
  return ends;
}

class End implements HciTransport, HciReceiver {
  peer: End | undefined;
  readonly #inner: HciTransport;
  #receiver: HciReceiver | undefined;
  #handle = -1;
  /** What waits for the host above, and how many packets of its own have been taken since it was told. */
  #waiting: Uint8Array[] = [];
  #taken = 0;
  #scheduled = false;
  readonly #completed = Uint8Array.of(PacketType.Event, numberOfCompletedPackets, 5, 1, 0, 0, 0, 0);

  constructor(inner: HciTransport) {
    this.#inner = inner;
  }

  start(receiver: HciReceiver): void {
    this.#receiver = receiver;
    this.#inner.start(this);
  }

  send(packet: Uint8Array): void {
    const { peer } = this;
    if (packet[0] !== PacketType.AclData || !peer || peer.#handle < 0) {
      this.#inner.send(packet);
      return;
    }
    // A first fragment of the host becomes one of the controller. Vol 4, Part E, 5.4.2.
    const continues = ((packet[2] ?? 0) >> 4) & 1;
    putU16(packet, 1, peer.#handle | ((continues ? 1 : firstFlushable) << 12));
    peer.#waiting.push(packet);
    this.#taken++;
    peer.#schedule();
    this.#schedule();
  }

  packet(packet: Uint8Array): void {
    if (packet[1] === leMeta && connectionComplete.has(packet[3]) && packet[4] === 0) {
      this.#handle = u16At(packet, 5);
    }
    this.#receiver?.packet(packet);
  }

  closed(error?: Error): void {
    this.#handle = -1;
    this.#receiver?.closed(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    void settled.then(this.#handOut); // queueMicrotask would make a resource of each
  }

  readonly #handOut = (): void => {
    this.#scheduled = false;
    const packets = this.#waiting;
    if (packets.length > 0) {
      this.#waiting = [];
      for (const packet of packets) this.#receiver?.packet(packet);
    }
    if (this.#taken === 0) return;
    putU16(this.#completed, 4, this.#handle);
    putU16(this.#completed, 6, this.#taken);
    this.#taken = 0;
    this.#receiver?.packet(this.#completed);
  };
}
