import { shownAsText } from "../common/inspect.ts";
import type { Uuid } from "../common/uuid.ts";
import type { ValueCodec } from "./value-codec.ts";

/** What both sides have in common without them. */
export interface PlainCharacteristic {
  readonly uuid: Uuid;
  readonly handle: number;
  toString(): string;
}

/** What a characteristic with values in place of octets is on either side of the link. */
export abstract class TypedCharacteristic<T, Plain extends PlainCharacteristic> {
  static {
    shownAsText(this.prototype);
  }

  /** The same characteristic with its octets. */
  readonly plain: Plain;
  /** @internal Makes octets of values, and values of octets. */
  protected readonly codec: ValueCodec<T>;

  /** Made by `of` of a `CharacteristicType`. */
  constructor(plain: Plain, codec: ValueCodec<T>) {
    this.plain = plain;
    this.codec = codec;
  }

  get uuid(): Uuid {
    return this.plain.uuid;
  }

  /** The handle of the value. */
  get handle(): number {
    return this.plain.handle;
  }

  toString(): string {
    return this.plain.toString();
  }
}
