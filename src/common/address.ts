import { hexNumber } from "./bytes.ts";
import { shownAsText } from "./inspect.ts";

/** Vol 6, Part B, 1.3: the two kinds of device address that a packet tells apart. */
export type AddressType = "public" | "random";

/** What a device address is, from its type and, of a random one, its two most significant bits. */
export type AddressKind = "public" | "static" | "resolvable private" | "non-resolvable private" | "reserved";

const randomKinds = ["non-resolvable private", "resolvable private", "reserved", "static"] as const;
const pattern = /^((?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2})\/(public|random)$/i;

/**
 * A Bluetooth device address. Immutable. Vol 6, Part B, 1.3.
 *
 * Written with its type, since the same 48 bits name two devices: `C0:FF:EE:00:00:01/random`.
 */
export class Address {
  static {
    shownAsText(Address.prototype);
  }

  readonly type: AddressType;
  /** The 48 bits as a number. */
  readonly value: number;

  constructor(type: AddressType, value: number) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff_ffff) {
      throw new RangeError(`a device address has 48 bits: ${value}`);
    }
    this.type = type;
    this.value = value;
  }

  /**
   * Reads `C0:FF:EE:00:00:01/random` or `…/public`; dashes will do for colons.
   *
   * @throws {@link SyntaxError} It is not in that form; the message names what is missing.
   */
  static parse(text: string): Address {
    const match = pattern.exec(text.trim());
    const [, digits, type] = match ?? [];
    if (!digits || !type) {
      throw new SyntaxError(`"${text}" is no device address: write C0:FF:EE:00:00:01/random or …/public`);
    }
    return new Address(type.toLowerCase() as AddressType, Number.parseInt(digits.replace(/[:-]/g, ""), 16));
  }

  /**
   * An {@link Address} as it is, a text through {@link parse}.
   *
   * @throws {@link TypeError} It is something else altogether.
   */
  static from(address: Address | string): Address {
    if (address instanceof Address) return address;
    if (typeof address === "string") return Address.parse(address);
    throw new TypeError(`an address is a text such as C0:FF:EE:00:00:01/random, not ${typeof address}`);
  }

  /** Public, or which of the random kinds. Vol 6, Part B, 1.3.2. */
  get kind(): AddressKind {
    if (this.type === "public") return "public";
    return randomKinds[Math.floor(this.value / 2 ** 46)] ?? "reserved";
  }

  equals(other: Address): boolean {
    return this.value === other.value && this.type === other.type;
  }

  /** The address alone, without its type: `C0:FF:EE:00:00:01`. */
  get digits(): string {
    return (hexNumber(this.value, 12).toUpperCase().match(/../g) ?? []).join(":");
  }

  toString(): string {
    return `${this.digits}/${this.type}`;
  }

  toJSON(): string {
    return this.toString();
  }
}
