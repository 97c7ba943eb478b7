import { shownAsText } from "../common/inspect.ts";
import type { CallOptions } from "../common/promised.ts";
import { Uuid, type UuidLike } from "../common/uuid.ts";
import type { GattClient } from "./client.ts";
import { LocalCharacteristic } from "./local-characteristic.ts";
import type { RemoteCharacteristic } from "./remote-characteristic.ts";
import { characteristic, type CharacteristicDefinition } from "./service-builder.ts";
import { TypedLocalCharacteristic } from "./typed-local-characteristic.ts";
import { plainOptions, type TypedCharacteristicOptions } from "./typed-options.ts";
import { TypedRemoteCharacteristic } from "./typed-remote-characteristic.ts";
import type { ValueCodec } from "./value-codec.ts";

/** A characteristic that a service can have, whose values are of a known type. */
export interface TypedCharacteristicDefinition<T> extends CharacteristicDefinition {
  /** What `host.gatt.add` gives the program for it. */
  view(local: LocalCharacteristic): TypedLocalCharacteristic<T>;
}

/** A kind of characteristic, the same on server and client. Made by {@link defineCharacteristic}. */
export class CharacteristicType<T> {
  static {
    shownAsText(CharacteristicType.prototype);
  }

  readonly uuid: Uuid;
  readonly codec: ValueCodec<T>;

  constructor(uuid: Uuid, codec: ValueCodec<T>) {
    this.uuid = uuid;
    this.codec = codec;
  }

  toString(): string {
    return this.uuid.toString();
  }

  /**
   * For a server: defines one of a service's characteristics, as `characteristic` does for octets.
   *
   * @throws {@link RangeError} The value to begin with does not fit, or takes more than 512 octets.
   */
  characteristic(options: TypedCharacteristicOptions<T> = {}): TypedCharacteristicDefinition<T> {
    return {
      ...characteristic(this.uuid, plainOptions(this.codec, options)),
      view: (local) => new TypedLocalCharacteristic(local, this.codec),
    };
  }

  /** A characteristic as one of this kind; its UUID is not looked at. */
  of(characteristic: RemoteCharacteristic): TypedRemoteCharacteristic<T>;
  of(characteristic: LocalCharacteristic): TypedLocalCharacteristic<T>;
  of(
    characteristic: RemoteCharacteristic | LocalCharacteristic,
  ): TypedRemoteCharacteristic<T> | TypedLocalCharacteristic<T> {
    return characteristic instanceof LocalCharacteristic
      ? new TypedLocalCharacteristic(characteristic, this.codec)
      : new TypedRemoteCharacteristic(characteristic, this.codec);
  }

  /**
   * For a client: the first characteristic of this kind in the first service with that UUID.
   *
   * @throws {@link NotFoundError} The server has none.
   */
  async find(
    gatt: GattClient,
    service: UuidLike,
    options?: CallOptions,
  ): Promise<TypedRemoteCharacteristic<T>> {
    return this.of(await gatt.characteristic(service, this.uuid, options));
  }
}

/**
 * Defines a kind of characteristic once, for server and client.
 *
 * @example
 * ```ts
 * const color = defineCharacteristic("3a0f0002-7d4c-4e0b-9d39-2f6b1c8e5a10", {
 *   encode: ({ red, green, blue }: Color) => Uint8Array.of(red, green, blue),
 *   decode: ([red = 0, green = 0, blue = 0]) => ({ red, green, blue }),
 * });
 * service("3a0f0001-7d4c-4e0b-9d39-2f6b1c8e5a10", { color: color.characteristic({ write: true }) }); // a server
 * const { red } = await color.of(remoteCharacteristic).read(); // a client
 * ```
 */
export function defineCharacteristic<T>(uuid: UuidLike, codec: ValueCodec<T>): CharacteristicType<T> {
  return new CharacteristicType(Uuid.from(uuid), codec);
}
