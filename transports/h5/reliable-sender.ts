import type { Clock } from "../../src/common/clock.ts";

/** A reliable packet on its way, before it has a header. */
export interface Outgoing {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** What the sender of reliable packets stands on. */
export interface ReliableSenderUser {
  /** Puts a packet on the wire; again for one that was not acknowledged in time. */
  transmit(packet: Outgoing, sequenceNumber: number): void;
  /** The other end acknowledges nothing any more. */
  unheard(): void;
}

/** How often a packet is sent again before the other end counts as gone. */
const mostAttempts = 20;

/** Sends packets in order, each again until the other end acknowledges it. Vol 4, Part D, 6. */
export class ReliableSender implements Disposable {
  /** How many packets may wait for their acknowledgement. Vol 4, Part D, 8.8.2. */
  windowSize = 1;
  readonly #user: ReliableSenderUser;
  readonly #clock: Clock;
  readonly #resendMs: number;
  /** Those not yet acknowledged first, then those not yet sent. */
  #line: Outgoing[] = [];
  #unacknowledged = 0;
  #waiting = 0;
  /** The sequence number of the first one in line. */
  #first = 0;
  #attempts = 0;
  #paused = false;
  #timer: Disposable | undefined;

  constructor(user: ReliableSenderUser, clock: Clock, resendMs: number) {
    this.#user = user;
    this.#clock = clock;
    this.#resendMs = resendMs;
  }

  /** Whether anything waits to be sent or acknowledged. */
  get busy(): boolean {
    return this.#line.length > 0;
  }

  /** Octets that the other end has not acknowledged yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Queues a packet, which it *owns* from now on. */
  push(packet: Outgoing): void {
    this.#line.push(packet);
    this.#waiting += packet.payload.length;
    this.#fill();
  }

  /** The other end expects `number` next. One that makes no sense is ignored. */
  acknowledge(number: number): void {
    const count = (number - this.#first) & 7;
    if (count === 0 || count > this.#unacknowledged) return;
    for (const { payload } of this.#line.splice(0, count)) this.#waiting -= payload.length;
    this.#first = number;
    this.#unacknowledged -= count;
    this.#attempts = 0;
    this.#restartTimer();
    this.#fill();
  }

  /** Sends nothing until {@link resume}: the other end sleeps. */
  pause(): void {
    this.#paused = true;
    this.#restartTimer();
  }

  /** Goes on with the first packet that is not acknowledged. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#unacknowledged = 0;
    this.#fill();
  }

  /** Forgets everything: the other end has begun anew, or this one is closed. */
  [Symbol.dispose](): void {
    this.#line = [];
    this.#waiting = 0;
    this.#unacknowledged = 0;
    this.#first = 0;
    this.#attempts = 0;
    this.#paused = false;
    this.#restartTimer();
  }

  #fill(): void {
    while (!this.#paused && this.#unacknowledged < this.windowSize) {
      const packet = this.#line[this.#unacknowledged];
      if (!packet) break;
      const sequenceNumber = (this.#first + this.#unacknowledged) & 7;
      this.#unacknowledged++;
      this.#user.transmit(packet, sequenceNumber);
      if (!this.#timer) this.#restartTimer();
    }
  }

  #restartTimer(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer =
      this.#unacknowledged > 0 && !this.#paused
        ? this.#clock.after(this.#resendMs, () => this.#resend())
        : undefined;
  }

  #resend(): void {
    this.#timer = undefined;
    if (++this.#attempts > mostAttempts) {
      this.#user.unheard();
      return;
    }
    this.#unacknowledged = 0; // all of them: the other end drops what comes behind one that it has missed
    this.#fill();
  }
}
