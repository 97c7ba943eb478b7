import { TypedCharacteristic } from "./typed-characteristic.ts";
import type { LocalCharacteristic, NotifyOptions } from "./local-characteristic.ts";
import type { GattPeer } from "./service-builder.ts";

/** A characteristic that the local server offers, with values in place of octets. */
export class TypedLocalCharacteristic<T> extends TypedCharacteristic<T, LocalCharacteristic> {
  /** The connections that have subscribed to notifications or indications. */
  get subscribers(): readonly GattPeer[] {
    return this.plain.subscribers;
  }

  /**
   * The value kept here, which clients read where there is no `onRead`.
   *
   * @throws {@link MalformedPduError} None was given yet.
   */
  get value(): T {
    return this.codec.decode(this.plain.value);
  }

  /** Nobody is told; see {@link notify}. */
  set value(value: T) {
    this.plain.value = this.codec.encode(value);
  }

  /**
   * Notifies those who subscribed of a value. The value kept here does not change.
   *
   * @returns How many clients it was queued for, when there was room; see `LocalCharacteristic.notify`.
   * @throws {@link RangeError} The value does not fit.
   */
  async notify(value: T, options?: NotifyOptions): Promise<number> {
    return this.plain.notify(this.codec.encode(value), options);
  }

  /**
   * Notifies at once those who subscribed, or nobody when there is no room for one of them.
   *
   * @returns Whether the value was queued for every subscriber.
   */
  tryNotify(value: T, options?: Parameters<LocalCharacteristic["tryNotify"]>[1]): boolean {
    return this.plain.tryNotify(this.codec.encode(value), options);
  }

  /**
   * Indicates a value to those who subscribed and waits until each has confirmed.
   *
   * @returns How many clients confirmed; see `LocalCharacteristic.indicate`.
   * @throws {@link RangeError} The value does not fit.
   */
  async indicate(value: T, options?: NotifyOptions): Promise<number> {
    return this.plain.indicate(this.codec.encode(value), options);
  }
}
