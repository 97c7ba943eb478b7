import type { Clock } from "../common/clock.ts";

/** In ms. */
const timeout = 30_000;

/** The Security Manager Timer: once it has run out, the link is done with pairing. Vol 3, Part H, 3.4. */
export class SecurityTimer {
  readonly #clock: Clock;
  readonly #expired: () => void;
  #timer: Disposable | undefined;
  #over = false;

  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** Whether it has run out. */
  get over(): boolean {
    return this.#over;
  }

  /** Starts, from the beginning. */
  start(): void {
    this.stop();
    this.#timer = this.#clock.after(timeout, () => {
      this.#over = true;
      this.#expired();
    });
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
