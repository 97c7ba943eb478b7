import { BleError } from "./errors.ts";

/** What a full queue does with one more value. Each user of the queue states which it has. */
export type Overflow = "dropOldest" | "fail";

/** The program took values from an iterator more slowly than they came, and asked not to lose any. */
export class QueueOverflowError extends BleError {
  readonly code = "QUEUE_OVERFLOW";
}

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

/** A bounded queue between the stack, which pushes, and the program, which iterates. */
export class AsyncQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #capacity: number;
  readonly #overflow: Overflow;
  readonly #onReturn: (() => void) | undefined;
  #values: T[] = [];
  readonly #waiters: Waiter<T>[] = [];
  #ended = false;
  /** Why it ended, until somebody was told. In a box: programs may abort with any reason, even `null`. */
  #failure: { readonly error: unknown } | undefined;
  #dropped = 0;

  /**
   * @param capacity - How many values wait at most.
   * @param onReturn - Called once when the program stops iterating, or the queue ends for another reason.
   */
  constructor(capacity: number, overflow: Overflow, onReturn?: () => void) {
    this.#capacity = capacity;
    this.#overflow = overflow;
    this.#onReturn = onReturn;
  }

  /** How many values were lost because the program was too slow. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether no value will come any more; those waiting can still be taken. */
  get ended(): boolean {
    return this.#ended;
  }

  push(value: T): void {
    if (this.#ended) return;
    const waiter = this.#waiters.shift();
    if (waiter) {
      waiter.resolve({ done: false, value });
      return;
    }
    if (this.#values.length >= this.#capacity) {
      this.#dropped++;
      if (this.#overflow === "fail") {
        this.end(new QueueOverflowError(`more than ${this.#capacity} values were waiting to be taken`));
        return;
      }
      this.#values.shift();
    }
    this.#values.push(value);
  }

  /** No more values. Those waiting are still delivered, then the iteration ends, with `error` if there is one. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error !== undefined) this.#failure = { error };
    for (const waiter of this.#waiters.splice(0)) this.#finish(waiter);
    this.#onReturn?.();
  }

  /** The same at once: those waiting are forgotten. */
  abort(error?: unknown): void {
    this.#values = [];
    this.end(error);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      if (this.#values.length > 0) resolve({ done: false, value: this.#values.shift() as T });
      else if (this.#ended) this.#finish({ resolve, reject });
      else this.#waiters.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.abort();
    this.#failure = undefined;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The error is told once; after it the queue is simply over, as an async generator would be. */
  #finish(waiter: Waiter<T>): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) waiter.reject(failure.error);
    else waiter.resolve({ done: true, value: undefined });
  }
}
