import { reasonOf } from "../common/promised.ts";
import type { Subscription } from "./subscription.ts";

/** Iterates a subscription that begins with the first step, and ends at once when it is left, aborted or broken. */
export class NotificationIterator implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #subscribe: (signal: AbortSignal) => Promise<Subscription>;
  readonly #signal: AbortSignal | undefined;
  /** Aborted by the program's signal, and when the program leaves while it waits for the server to agree. */
  readonly #stop = new AbortController();
  #subscription: Promise<Subscription> | undefined;
  #begun: Subscription | undefined;
  #values: AsyncIterator<Uint8Array, undefined> | undefined;
  #left = false;

  constructor(subscribe: (signal: AbortSignal) => Promise<Subscription>, signal: AbortSignal | undefined) {
    this.#subscribe = subscribe;
    this.#signal = signal;
  }

  /** How many values were lost because the program took them too slowly. */
  get dropped(): number {
    return this.#begun?.dropped ?? 0;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#isLeft()) return { done: true, value: undefined };
    try {
      this.#subscription ??= this.#begin();
      const subscription = await this.#subscription;
      this.#begun = subscription;
      this.#values ??= subscription[Symbol.asyncIterator]();
      const result = await this.#values.next();
      if (result.done) void this.#leave();
      return result;
    } catch (error) {
      if (this.#isLeft()) return { done: true, value: undefined };
      void this.#leave();
      throw error;
    }
  }

  /** Ends the subscription, also while {@link next} waits for a value. */
  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    const begun = this.#leave();
    try {
      await (await begun)?.[Symbol.asyncDispose]();
    } catch (error) {
      if (!(error instanceof Error)) throw error; // it never began: next() has told why
    }
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #begin(): Promise<Subscription> {
    const signal = this.#signal;
    signal?.throwIfAborted();
    signal?.addEventListener("abort", this.#aborted, { once: true });
    const subscription = await this.#subscribe(this.#stop.signal);
    if (signal?.aborted) subscription.abort(reasonOf(signal));
    return subscription;
  }

  #leave(): Promise<Subscription> | undefined {
    this.#signal?.removeEventListener("abort", this.#aborted);
    this.#left = true;
    this.#stop.abort();
    return this.#subscription;
  }

  /** A call, since it changes while next() waits. */
  #isLeft(): boolean {
    return this.#left;
  }

  readonly #aborted = (): void => {
    const reason = this.#signal ? reasonOf(this.#signal) : undefined;
    this.#stop.abort(reason);
    this.#subscription?.then(
      (subscription) => {
        if (reason) subscription.abort(reason);
      },
      () => undefined, // next() tells
    );
  };
}
