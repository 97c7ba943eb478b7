import { MalformedPduError } from "../common/errors.ts";
import type { SubscribeOptions, Subscription } from "./subscription.ts";
import type { ValueCodec } from "./value-codec.ts";

/** What to do with octets from the server that are no value of the type. */
export type MalformedValueHandler = (error: MalformedPduError) => void;

/** How values of a known type are taken. */
export interface TypedSubscribeOptions<T> extends Omit<SubscribeOptions, "onValue"> {
  /** Sees every value at once and synchronously. Octet strings in it are *borrowed*: copy what must outlive the call. */
  readonly onValue?: (value: T) => void;
  /**
   * Told of octets that are no value of the type; the next value then comes as usual. Without it they end an iteration
   * with the error; `onValue` never sees them either way.
   */
  readonly onMalformed?: MalformedValueHandler;
}

/** The values a server sends on its own account, decoded. Iterate it, or give an `onValue`. */
export class TypedSubscription<T> implements AsyncIterable<T>, AsyncDisposable {
  readonly #plain: Subscription;
  readonly #codec: ValueCodec<T>;
  readonly #onMalformed: MalformedValueHandler | undefined;

  /** Made by `subscribe` of a {@link TypedRemoteCharacteristic}. */
  constructor(plain: Subscription, codec: ValueCodec<T>, onMalformed: MalformedValueHandler | undefined) {
    this.#plain = plain;
    this.#codec = codec;
    this.#onMalformed = onMalformed;
  }

  /** How many values were lost because the program took them too slowly. */
  get dropped(): number {
    return this.#plain.dropped;
  }

  /** Leaving the loop ends the subscription. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return new DecodingIterator(this.#plain[Symbol.asyncIterator](), this.#codec, this.#onMalformed);
  }

  /** Waits until the server has agreed to stop. Never fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#plain[Symbol.asyncDispose]();
  }
}

/** Decodes what another iterator gives, which it ends with. */
export class DecodingIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #octets: AsyncIterableIterator<Uint8Array, undefined>;
  readonly #codec: ValueCodec<T>;
  readonly #onMalformed: MalformedValueHandler | undefined;

  constructor(
    octets: AsyncIterableIterator<Uint8Array, undefined>,
    codec: ValueCodec<T>,
    onMalformed: MalformedValueHandler | undefined,
  ) {
    this.#octets = octets;
    this.#codec = codec;
    this.#onMalformed = onMalformed;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      const result = await this.#octets.next();
      if (result.done) return result;
      try {
        return { done: false, value: this.#codec.decode(result.value) };
      } catch (error) {
        if (!(error instanceof MalformedPduError) || !this.#onMalformed) {
          await this.return();
          throw error;
        }
        this.#onMalformed(error);
      }
    }
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    await this.#octets.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A synchronous hook for octets that gives values to another. */
export function decodingHook<T>(
  codec: ValueCodec<T>,
  onValue: (value: T) => void,
  onMalformed: MalformedValueHandler | undefined,
): (octets: Uint8Array) => void {
  return (octets) => {
    let value: T;
    try {
      value = codec.decode(octets);
    } catch (error) {
      if (!(error instanceof MalformedPduError)) throw error;
      onMalformed?.(error);
      return;
    }
    onValue(value);
  };
}
