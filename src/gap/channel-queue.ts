import { Ring } from "../common/ring.ts";

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

/**
 * What has come and waits for the program: SDUs of a channel, channels of a listener.
 *
 * It has no bound of its own. Who pushes is told of every value taken, and lets no more come than it has room for.
 */
export class ChannelQueue<T> {
  readonly #taken: () => void;
  readonly #values = new Ring<T>();
  readonly #waiters = new Ring<Waiter<T>>();
  #ended = false;
  /** Why it ended, until somebody was told. */
  #failure: Error | undefined;

  /** @param taken - Called for each value that the program has been given, or will not be, within the turn of that. */
  constructor(taken: () => void) {
    this.#taken = taken;
  }

  /** How many wait. */
  get length(): number {
    return this.#values.length;
  }

  /** The one that `index` others came before, which goes on waiting. */
  at(index: number): T | undefined {
    return this.#values.at(index);
  }

  /** The one that has waited longest; `undefined` when none does. */
  take(): T | undefined {
    if (this.#values.length === 0) return undefined;
    const value = this.#values.shift();
    this.#taken();
    return value;
  }

  push(value: T): void {
    if (this.#ended) {
      this.#taken();
      return;
    }
    const waiter = this.#waiters.shift();
    if (!waiter) {
      this.#values.push(value);
      return;
    }
    waiter.resolve({ done: false, value });
    this.#taken();
  }

  /** No more values. Those waiting are still given, then the iteration ends, with `failure` if there is one. */
  end(failure?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    for (let waiter = this.#waiters.shift(); waiter; waiter = this.#waiters.shift()) this.#finish(waiter);
  }

  /** Forgets what waits, and returns it. */
  drop(): T[] {
    const dropped: T[] = [];
    for (let left = this.#values.length; left > 0; left--) {
      dropped.push(this.#values.shift() as T);
      this.#taken();
    }
    return dropped;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#values.length > 0) {
      const value = this.#values.shift() as T;
      this.#taken();
      return Promise.resolve({ done: false, value });
    }
    return new Promise((resolve, reject) => {
      if (this.#ended) this.#finish({ resolve, reject });
      else this.#waiters.push({ resolve, reject });
    });
  }

  /** The failure is told once; after it the queue is simply over, as an async generator would be. */
  #finish(waiter: Waiter<T>): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) waiter.reject(failure);
    else waiter.resolve({ done: true, value: undefined });
  }
}
