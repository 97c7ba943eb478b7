import { TypedCharacteristic } from "./typed-characteristic.ts";
import type { CallOptions } from "../common/promised.ts";
import type { CharacteristicProperties } from "./declaration.ts";
import type { RemoteCharacteristic } from "./remote-characteristic.ts";
import {
  DecodingIterator,
  decodingHook,
  type TypedSubscribeOptions,
  TypedSubscription,
} from "./typed-subscription.ts";

/** A characteristic of the server, with values in place of octets. */
export class TypedRemoteCharacteristic<T> extends TypedCharacteristic<T, RemoteCharacteristic> {
  get properties(): CharacteristicProperties {
    return this.plain.properties;
  }

  /**
   * Reads the value; see `RemoteCharacteristic.read`.
   *
   * @throws {@link MalformedPduError} What the server gave is no value of the type.
   */
  async read(options?: CallOptions): Promise<T> {
    return this.codec.decode(await this.plain.read(options));
  }

  /**
   * Writes the value and waits for the server's answer; see `RemoteCharacteristic.write`.
   *
   * @throws {@link RangeError} The value does not fit.
   */
  async write(value: T, options?: CallOptions): Promise<void> {
    await this.plain.write(this.codec.encode(value), options);
  }

  /** Writes without an answer; see `RemoteCharacteristic.writeWithoutResponse`. */
  async writeWithoutResponse(value: T, options?: CallOptions): Promise<void> {
    await this.plain.writeWithoutResponse(this.codec.encode(value), options);
  }

  /** Subscribes to the values the server sends on its own account; see `RemoteCharacteristic.subscribe`. */
  async subscribe(options: TypedSubscribeOptions<T> & CallOptions = {}): Promise<TypedSubscription<T>> {
    const { onValue, onMalformed, ...others } = options;
    checkMalformedHandler(onMalformed);
    const hook = onValue && { onValue: decodingHook(this.codec, onValue, onMalformed) };
    const subscription = await this.plain.subscribe({ ...others, ...hook });
    return new TypedSubscription(subscription, this.codec, onMalformed);
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
    checkMalformedHandler(onMalformed);
    return new DecodingIterator(this.plain.notifications(others), this.codec, onMalformed);
  }
}

/** @throws {@link TypeError} For programs that no compiler checks. */
function checkMalformedHandler(handler: unknown): void {
  if (handler === undefined || typeof handler === "function") return;
  throw new TypeError("onMalformed: give a function");
}
