import { type Clock, systemClock } from "../src/common/clock.ts";
import { TransportError } from "../src/common/errors.ts";
import type { HciReceiver, HciTransport } from "../src/hci/transport.ts";
import { Delivery, deliveryFailure } from "./delivery.ts";
import type { SerialLine } from "./serial-line.ts";
import { ResyncingFramer } from "./serial-resync.ts";

/** H4 over a serial port. Vol 4, Part A. */
export class SerialTransport implements HciTransport {
  readonly #line: SerialLine;
  readonly #who: string;
  readonly #delivery = new Delivery();
  readonly #framer: ResyncingFramer;

  /**
   * *Owns* the line.
   *
   * @param who - The port, for messages.
   */
  constructor(line: SerialLine, who: string, clock: Clock = systemClock) {
    this.#line = line;
    this.#who = who;
    this.#framer = new ResyncingFramer(this.#delivery, clock);
  }

  /** Octets that were part of no packet, so far. */
  get skipped(): number {
    return this.#framer.skipped;
  }

  start(receiver: HciReceiver): void {
    this.#delivery.start(receiver);
    this.#line.start({
      octets: (chunk) => this.#take(chunk),
      lost: (error) => this.#fail(error),
    });
  }

  send(packet: Uint8Array): void {
    if (this.#delivery.ended) return;
    this.#framer.sent(packet);
    this.#line.write(packet);
  }

  /** Closes it behind what was sent, or without the rest of it when the device takes nothing for half a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#delivery.end();
    await this.#line.close();
  }

  #take(chunk: Uint8Array): void {
    if (this.#delivery.ended) return;
    try {
      // Some ports give Buffers, and slice() of a Buffer does not copy: who keeps a packet must be able to rely on it.
      this.#framer.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    } catch (error) {
      this.#fail(error instanceof TransportError ? error : deliveryFailure(this.#who, error));
    }
  }

  #fail(error: Error): void {
    this.#delivery.end(error);
    void this.#line.close();
  }
}
