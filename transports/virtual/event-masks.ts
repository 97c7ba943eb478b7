import { leMetaEventCode } from "../../src/hci/event.ts";

const high = 0x1_0000_0000n;

/** A 64-bit mask in two halves: events are looked up too often for bigints. */
class Mask {
  #low = 0;
  #high = 0;

  constructor(bits: bigint) {
    this.set(bits);
  }

  set(bits: bigint): void {
    this.#low = Number(bits % high);
    this.#high = Number(bits / high);
  }

  has(bit: number): boolean {
    return (((bit < 32 ? this.#low : this.#high) >>> (bit & 31)) & 1) === 1;
  }
}

/** Code of the first event of page 2. Vol 4, Part E, 7.3.69. */
const firstOfPage2 = 0x40;

/** Which events the host wants. Vol 4, Part E, 7.3.1, 7.3.69 and 7.8.1. */
export class EventMasks {
  /** By default everything that was there before LE. */
  readonly #events = new Mask(0x0000_1fff_ffff_ffffn);
  /** By default none. */
  readonly #eventsPage2 = new Mask(0n);
  /** By default the first five. */
  readonly #leEvents = new Mask(0x1fn);

  setEvents(bits: bigint): void {
    this.#events.set(bits);
  }

  setEventsPage2(bits: bigint): void {
    this.#eventsPage2.set(bits);
  }

  setLeEvents(bits: bigint): void {
    this.#leEvents.set(bits);
  }

  /** Whether an event may be sent. Answers to commands and returned buffers cannot be masked and are not asked for. */
  allow(code: number, subevent: number | undefined): boolean {
    if (code >= firstOfPage2) return this.#eventsPage2.has(code - firstOfPage2);
    if (!this.#events.has(code - 1)) return false;
    return code !== leMetaEventCode || (subevent !== undefined && this.#leEvents.has(subevent - 1));
  }
}
