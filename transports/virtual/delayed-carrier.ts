import type { Carrier, ControlPdu } from "./carrier.ts";
import { InstantCarrier } from "./instant-carrier.ts";
import type { SharedLink, LinkEnd } from "./link-end.ts";

/** A packet on its way. */
interface Flight {
  readonly end: LinkEnd;
  readonly item: Uint8Array | ControlPdu;
  /** When it arrives, in ms. */
  readonly at: number;
}

/** Packets of both directions take a fixed time, however many there are, and keep their order. */
export class DelayedCarrier implements Carrier<LinkEnd> {
  readonly #link: SharedLink;
  readonly #arrival: InstantCarrier;
  #line: Flight[] = [];
  /** Runs for the first in line. */
  #timer: Disposable | undefined;
  #disposed = false;

  constructor(link: SharedLink) {
    this.#link = link;
    this.#arrival = new InstantCarrier(link);
  }

  data(end: LinkEnd, packet: Uint8Array): void {
    this.#send(end, packet);
  }

  control(end: LinkEnd, pdu: ControlPdu): void {
    this.#send(end, pdu);
  }

  at(instant: number, callback: () => void): boolean {
    return this.#arrival.at(instant, callback);
  }

  settle(): void {
    this.#arrival.settle();
  }

  pause(): void {
    this.#arrival.pause();
  }

  resume(): void {
    this.#arrival.resume();
  }

  replan(): void {
    this.#arrival.replan();
  }

  dispose(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#line = [];
    this.#disposed = true;
    this.#arrival.dispose();
  }

  #send(end: LinkEnd, item: Uint8Array | ControlPdu): void {
    const { clock, linkDelayMs } = this.#link.medium;
    if (this.#disposed) return;
    this.#line.push({ end, item, at: clock.now() + linkDelayMs });
    this.#timer ??= clock.after(linkDelayMs, this.#arrive);
  }

  readonly #arrive = (): void => {
    const { clock } = this.#link.medium;
    const now = clock.now();
    this.#timer = undefined;
    const waiting = this.#line.findIndex(({ at }) => at > now);
    const arrived = this.#line.splice(0, waiting < 0 ? this.#line.length : waiting);
    const [next] = this.#line;
    if (next) this.#timer = clock.after(next.at - now, this.#arrive);
    for (const { end, item } of arrived) {
      if (this.#disposed) return; // what came before it has ended the link
      if (item instanceof Uint8Array) this.#arrival.data(end, item);
      else this.#arrival.control(end, item);
    }
  };
}
