import { shownAsText } from "../common/inspect.ts";
import { AsyncQueue } from "../common/async-queue.ts";
import type { Turn } from "../common/turn.ts";
import { checkSubscribeKinds } from "./call-options.ts";
import type { ValueSink } from "./value-sinks.ts";

/** How values are taken. */
export interface SubscribeOptions {
  /** Indications even where notifications are offered: slower, but each is confirmed. Needs the property. */
  readonly indicate?: boolean;
  /**
   * Sees every value at once and synchronously, *borrowed*: copy what must outlive the call. Values then do not wait
   * to be iterated.
   */
  readonly onValue?: (value: Uint8Array) => void;
  /**
   * How many values may wait to be iterated, 1 or more; one more ends the iteration with an error. Default: the
   * host's `receiveBuffer`, else 1024.
   */
  readonly capacity?: number;
}

/**
 * @throws {@link TypeError} For programs that no compiler checks: they are no options of `subscribe`.
 * @throws {@link RangeError} `capacity` is no number of values.
 */
export function checkSubscribeOptions(options: SubscribeOptions): void {
  checkSubscribeKinds(options);
  const { capacity = 1 } = options;
  if (Number.isInteger(capacity) && capacity >= 1) return;
  throw new RangeError(`capacity: ${capacity} is not a whole number from 1 on`);
}

/**
 * The values a server sends on its own account, of one characteristic. Iterate it, or give an `onValue`.
 *
 * Disposing of it ends the subscription; when it was the last of its characteristic the server is told to stop.
 */
export class Subscription implements AsyncIterable<Uint8Array>, AsyncDisposable {
  static {
    shownAsText(Subscription.prototype);
  }

  readonly #queue: AsyncQueue<Uint8Array>;
  readonly #stop: () => Promise<void>;
  #stopped: Promise<void> | undefined;
  #aborted = false;
  /** @internal For the client that feeds it. */
  readonly sink: ValueSink;

  /** @internal Made by `characteristic.subscribe`. */
  constructor(
    { onValue, capacity = 1024 }: SubscribeOptions,
    turn: Turn,
    stop: (own: Subscription) => Promise<void>,
  ) {
    this.#queue = new AsyncQueue(capacity, "fail");
    this.#stop = () => stop(this);
    this.sink = {
      value: onValue
        ? this.#deferred(onValue, turn)
        : (value) => {
            this.#queue.push(new Uint8Array(value)); // not slice(): the one of a Buffer copies nothing
          },
      ended: (reason) => {
        this.#queue.end(reason);
      },
    };
  }

  /** How many values were lost because the program took them too slowly. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  toString(): string {
    return this.#stopped ? "ended" : `active, ${this.dropped} dropped`;
  }

  /** Each value is *owned* by the program. Leaving the loop ends the subscription. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined> {
    // By hand: the return() of a generator waits for the next() before it, so for a value that may never come.
    const iterator: AsyncIterableIterator<Uint8Array, undefined> = {
      next: async () => {
        try {
          const result = await this.#queue.next();
          if (result.done) await this.#leave();
          return result;
        } catch (error) {
          await this.#leave();
          throw error;
        }
      },
      return: async () => {
        await this.#leave();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  async #leave(): Promise<void> {
    const stopped = this[Symbol.asyncDispose]();
    if (!this.#aborted) await stopped;
  }

  /** Ends it at once: the iteration throws `reason`, whatever waits in it, and does not wait for the server. */
  abort(reason: Error): void {
    this.#aborted = true;
    this.#queue.abort(reason);
    void this[Symbol.asyncDispose]();
  }

  /** Waits until the server has agreed to stop. Never fails: when it cannot be told, no value comes any more either. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stop();
    this.#queue.abort();
    await this.#stopped;
  }

  /** Keeps values for the end of the turn, which the packet outlives: the views are still good when it comes. */
  #deferred(onValue: (value: Uint8Array) => void, turn: Turn): (value: Uint8Array) => void {
    const deliver = (value: Uint8Array): void => {
      if (!this.#stopped) onValue(value);
    };
    return (value) => {
      turn.deferWith(deliver, value);
    };
  }
}
