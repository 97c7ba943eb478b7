import type { CallOptions } from "../common/promised.ts";
import { Uuid, type UuidLike } from "../common/uuid.ts";
import { NotFoundError } from "./error.ts";
import type { RemoteCharacteristic } from "./remote-characteristic.ts";
import type { RemoteDescriptor } from "./remote-value.ts";
import { descriptor, type DescriptorDefinition } from "./service-builder.ts";
import { plainOptions, type TypedDescriptorOptions } from "./typed-options.ts";
import type { ValueCodec } from "./value-codec.ts";

/** A descriptor of a server's characteristic, with values in place of octets. */
export class TypedRemoteDescriptor<T> {
  /** The same descriptor with its octets. */
  readonly plain: RemoteDescriptor;
  readonly #codec: ValueCodec<T>;

  /** Made by `of` of a {@link DescriptorType}. */
  constructor(plain: RemoteDescriptor, codec: ValueCodec<T>) {
    this.plain = plain;
    this.#codec = codec;
  }

  /**
   * Reads the value.
   *
   * @throws {@link MalformedPduError} What the server gave is no value of the type.
   */
  async read(options?: CallOptions): Promise<T> {
    return this.#codec.decode(await this.plain.read(options));
  }

  /**
   * Writes the value and waits for the server's answer.
   *
   * @throws {@link RangeError} The value does not fit.
   */
  async write(value: T, options?: CallOptions): Promise<void> {
    await this.plain.write(this.#codec.encode(value), options);
  }
}

/** A kind of descriptor, the same on server and client. Made by {@link defineDescriptor}. */
export class DescriptorType<T> {
  readonly uuid: Uuid;
  readonly codec: ValueCodec<T>;

  constructor(uuid: Uuid, codec: ValueCodec<T>) {
    this.uuid = uuid;
    this.codec = codec;
  }

  /** For a server: defines one of a characteristic's descriptors, as `descriptor` does for octets. */
  descriptor(options: TypedDescriptorOptions<T> = {}): DescriptorDefinition {
    return descriptor(this.uuid, plainOptions(this.codec, options));
  }

  /**
   * For a client: the first descriptor of this kind that a characteristic has.
   *
   * @throws {@link NotFoundError} It has none.
   */
  in({ uuid, descriptors }: RemoteCharacteristic): TypedRemoteDescriptor<T> {
    const found = descriptors.find((each) => each.uuid.equals(this.uuid));
    if (found) return this.of(found);
    throw new NotFoundError(`characteristic ${uuid.toString()} has no descriptor ${this.uuid.toString()}`);
  }

  /** A descriptor as one of this kind; its UUID is not looked at. */
  of(descriptor: RemoteDescriptor): TypedRemoteDescriptor<T> {
    return new TypedRemoteDescriptor(descriptor, this.codec);
  }
}

/** Defines a kind of descriptor once, for server and client. */
export function defineDescriptor<T>(uuid: UuidLike, codec: ValueCodec<T>): DescriptorType<T> {
  return new DescriptorType(Uuid.from(uuid), codec);
}
