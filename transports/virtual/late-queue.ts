import type { Clock } from "../../src/common/clock.ts";
import { Ring } from "../../src/common/ring.ts";

/** Rounding of times, in ms. */
const hair = 1e-6;

/** Holds items back for a while, in their order, with one timer for all of them. */
export class LateQueue<T> {
  readonly #clock: Clock;
  readonly #release: (item: T) => void;
  readonly #items = new Ring<T>();
  readonly #times = new Ring<number>();
  #timer: Disposable | undefined;

  /** @param release - Gets each item when its time has come. */
  constructor(clock: Clock, release: (item: T) => void) {
    this.#clock = clock;
    this.#release = release;
  }

  /** Whether nothing is held back. */
  get empty(): boolean {
    return this.#items.length === 0;
  }

  /** Holds an item for `ms`, or longer if those before it are held longer. */
  push(item: T, ms: number): void {
    this.#items.push(item);
    this.#times.push(this.#clock.now() + ms);
    if (!this.#timer) this.#wait();
  }

  /** Forgets all of them. */
  clear(): void {
    this.#items.clear();
    this.#times.clear();
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #wait(): void {
    const due = this.#times.peek();
    if (due === undefined) return;
    this.#timer = this.#clock.after(due - this.#clock.now(), this.#due);
  }

  readonly #due = (): void => {
    const now = this.#clock.now();
    for (let at = this.#times.peek(); at !== undefined && at <= now + hair; at = this.#times.peek()) {
      this.#times.shift();
      const item = this.#items.shift();
      if (item !== undefined) this.#release(item);
    }
    // Until now the timer stood for all that was pushed meanwhile, too.
    this.#timer = undefined;
    this.#wait();
  };
}
