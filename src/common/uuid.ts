import { fromHex, hexNumber, reversed, toHex, u16At } from "./bytes.ts";
import { MalformedPduError } from "./errors.ts";
import { shownAsText } from "./inspect.ts";

/** Every form in which a program may give a UUID; see {@link Uuid.from}. */
export type UuidLike = Uuid | number | string | Uint8Array;

/** The Bluetooth Base UUID behind its first 32 bits, which a short UUID takes the place of. Vol 3, Part B, 2.5.1. */
const baseEnd = "-0000-1000-8000-00805f9b34fb";

/**
 * A Bluetooth UUID of 16, 32 or 128 bits. Immutable. Vol 3, Part B, 2.5.1.
 *
 * All widths are one value: a short UUID equals the 128-bit one that the Bluetooth Base UUID makes of it.
 */
export class Uuid {
  static {
    shownAsText(Uuid.prototype);
  }

  /** The 128 bits in 36 characters of lower case; equal UUIDs have equal keys, so it serves in a Map. */
  readonly key: string;
  /** The number a UUID made from the base has, `undefined` for any other. */
  readonly short: number | undefined;
  /** Little-endian and as short as ATT allows: 2 octets where they suffice, else 16. *Borrowed*: do not write. */
  readonly octets: Uint8Array;

  private constructor(key: string, short: number | undefined, octets: Uint8Array) {
    this.key = key;
    this.short = short;
    this.octets = octets;
  }

  /**
   * Takes a number of up to 32 bits, text (`"180d"`, `"0x180D"`, `"0000180d"`, 32 hex digits, with dashes or without,
   * in braces or as `urn:uuid:`), or 2, 4 or 16 octets as they come over the air (little-endian).
   *
   * @throws {@link RangeError} A number or a count of octets that no UUID has.
   * @throws {@link SyntaxError} Text that is none of these forms.
   * @throws {@link TypeError} It is something else altogether.
   */
  static from(value: UuidLike): Uuid {
    if (value instanceof Uuid) return value;
    if (typeof value === "number") return Uuid.#short(value);
    if (typeof value === "string") return Uuid.#parse(value);
    if (value instanceof Uint8Array) return Uuid.#octets(value);
    throw new TypeError(`a UUID is a number, a text, a Uint8Array or a Uuid, not ${typeof value}`);
  }

  /**
   * Takes the 2 or 16 octets of a UUID in an ATT or HCI packet.
   *
   * @throws {@link MalformedPduError} There are not 2 or 16 octets.
   */
  static fromAir(octets: Uint8Array): Uuid {
    if (octets.length !== 2 && octets.length !== 16)
      throw new MalformedPduError("UUID", "not 2 or 16 octets", octets);
    return Uuid.#octets(octets);
  }

  equals(other: Uuid): boolean {
    return this === other || this.key === other.key;
  }

  /** All 16 octets, little-endian, whatever the shortest form is. The caller *owns* them. */
  get wide(): Uint8Array {
    return fromHex(this.key).reverse();
  }

  /** `180d`, `0001180d`, or the 36 characters of a UUID that is not made from the base. */
  toString(): string {
    if (this.short === undefined) return this.key;
    return this.short.toString(16).padStart(this.short <= 0xffff ? 4 : 8, "0");
  }

  toJSON(): string {
    return this.toString();
  }

  static #short(value: number): Uuid {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
      throw new RangeError(`a UUID given as a number has 16 or 32 bits: ${value}`);
    }
    const key = hexNumber(value, 8) + baseEnd;
    if (value <= 0xffff) return new Uuid(key, value, Uint8Array.of(value, value >> 8));
    return new Uuid(key, value, fromHex(key).reverse());
  }

  static #parse(text: string): Uuid {
    const digits = text
      .trim()
      .replace(/^(urn:uuid:|0x)/i, "")
      .replace(/^\{(.*)\}$/, "$1");
    if (/^([0-9a-f]{4}|[0-9a-f]{8})$/i.test(digits)) return Uuid.#short(Number.parseInt(digits, 16));
    if (/^[0-9a-f]{8}(-?)([0-9a-f]{4}\1){3}[0-9a-f]{12}$/i.test(digits))
      return Uuid.#whole(fromHex(digits).reverse());
    throw new SyntaxError(`"${text}" is no UUID: give 4, 8 or 32 hex digits, such as "180d"`);
  }

  static #octets(octets: Uint8Array): Uuid {
    if (octets.length === 2) return Uuid.#short(u16At(octets, 0));
    if (octets.length === 4) return Uuid.#short(u16At(octets, 0) + u16At(octets, 2) * 0x1_0000);
    if (octets.length !== 16) throw new RangeError(`a UUID has 2, 4 or 16 octets: ${octets.length}`);
    return Uuid.#whole(Uint8Array.from(octets));
  }

  /** All 16 octets as they go over the air, which the UUID then *owns*. */
  static #whole(octets: Uint8Array): Uuid {
    const key = toHex(reversed(octets)).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    return key.endsWith(baseEnd)
      ? Uuid.#short(Number.parseInt(key.slice(0, 8), 16))
      : new Uuid(key, undefined, octets);
  }
}

/**
 * Several UUIDs as a program gives them.
 *
 * @param name - The option, for the error.
 * @throws {@link TypeError} It is no list, such as a text without brackets.
 */
export function uuidsFrom(name: string, values: readonly UuidLike[]): Uuid[] {
  const isList: boolean = Array.isArray(values);
  if (isList) return values.map((value) => Uuid.from(value));
  throw new TypeError(`${name}: give a list, such as ["180d"]`);
}
