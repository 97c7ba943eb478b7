import type { CallOptions } from "../common/promised.ts";
import type { Uuid } from "../common/uuid.ts";
import type { CharacteristicProperties } from "./declaration.ts";
import type { RemoteCharacteristic } from "./remote-characteristic.ts";
import {
  DecodingIterator,
  decodingHook,
  type TypedSubscribeOptions,
  TypedSubscription,
} from "./typed-subscription.ts";
import type { ValueCodec } from "./value-codec.ts";

/** A characteristic of the server, with values in place of octets. */
export class TypedRemoteCharacteristic<T> {
  /** The same characteristic with its octets, and its descriptors. */
  readonly plain: RemoteCharacteristic;
  readonly #codec: ValueCodec<T>;

  /** Made by `of` of a {@link CharacteristicType}. */
  constructor(plain: RemoteCharacteristic, codec: ValueCodec<T>) {
    this.plain = plain;
    this.#codec = codec;
  }

  get uuid(): Uuid {
    return this.plain.uuid;
  }

  /** The handle of the value. */
  get handle(): number {
    return this.plain.handle;
  }

  get properties(): CharacteristicProperties {
    return this.plain.properties;
  }

  /**
   * Reads the value; see `RemoteCharacteristic.read`.
   *
   * @throws {@link MalformedPduError} What the server gave is no value of the type.
   */
  async read(options?: CallOptions): Promise<T> {
    return this.#codec.decode(await this.plain.read(options));
  }

  /**
   * Writes the value and waits for the server's answer; see `RemoteCharacteristic.write`.
   *
   * @throws {@link RangeError} The value does not fit.
   */
  async write(value: T, options?: CallOptions): Promise<void> {
    await this.plain.write(this.#codec.encode(value), options);
  }

  /** Writes without an answer; see `RemoteCharacteristic.writeWithoutResponse`. */
  async writeWithoutResponse(value: T, options?: CallOptions): Promise<void> {
    await this.plain.writeWithoutResponse(this.#codec.encode(value), options);
  }

  /** Subscribes to the values the server sends on its own account; see `RemoteCharacteristic.subscribe`. */
  async subscribe(options: TypedSubscribeOptions<T> & CallOptions = {}): Promise<TypedSubscription<T>> {
    const { onValue, onMalformed, ...others } = options;
    const hook = onValue && { onValue: decodingHook(this.#codec, onValue, onMalformed) };
    const subscription = await this.plain.subscribe({ ...others, ...hook });
    return new TypedSubscription(subscription, this.#codec, onMalformed);
  }

  /**
   * The values the server sends on its own account; see `RemoteCharacteristic.notifications`.
   *
   * @throws {@link MalformedPduError} The server sent what is no value of the type, and there is no `onMalformed`.
   */
  notifications(
    options: Omit<TypedSubscribeOptions<T>, "onValue"> & CallOptions = {},
  ): AsyncIterableIterator<T, undefined> {
    const { onMalformed, ...others } = options;
    return new DecodingIterator(this.plain.notifications(others), this.#codec, onMalformed);
  }
}
