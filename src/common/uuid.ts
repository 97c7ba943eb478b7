import { equal, fromHex, toHex } from "./bytes.ts";
import { MalformedPduError } from "./errors.ts";

/** Every form in which a program may give a UUID; see {@link Uuid.from}. */
export type UuidLike = Uuid | number | string | Uint8Array;

/** 00000000-0000-1000-8000-00805F9B34FB without its first four octets, as it goes over the air. Vol 3, Part B, 2.5.1. */
const baseTail = fromHex("fb349b5f80000080 00100000");

/**
 * A Bluetooth UUID of 16, 32 or 128 bits. Immutable. Vol 3, Part B, 2.5.1.
 *
 * All widths are one value: a short UUID equals the 128-bit one that the Bluetooth Base UUID makes of it.
 */
export class Uuid {
  /** The 128 bits in 36 characters of lower case; equal UUIDs have equal keys, so it serves in a Map. */
  readonly key: string;
  /** The number a UUID made from the base has, `undefined` for any other. */
  readonly short: number | undefined;
  /** Little-endian and as short as ATT allows: 2 octets where they suffice, else 16. *Borrowed*: do not write. */
  readonly octets: Uint8Array;

  private constructor(whole: Uint8Array) {
    const text = toHex(Uint8Array.from(whole).reverse());
    this.key = text.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    this.short = equal(whole.subarray(0, 12), baseTail) ? Number.parseInt(text.slice(0, 8), 16) : undefined;
    this.octets = this.short !== undefined && this.short <= 0xffff ? whole.slice(12, 14) : whole;
  }

  /**
   * Takes a number of up to 32 bits, text (`"180d"`, `"0x180D"`, `"0000180d"`, 32 hex digits, with dashes or without,
   * in braces or as `urn:uuid:`), or 2, 4 or 16 octets as they come over the air (little-endian).
   *
   * @throws {@link RangeError} A number or a count of octets that no UUID has.
   * @throws {@link SyntaxError} Text that is none of these forms.
   */
  static from(value: UuidLike): Uuid {
    if (value instanceof Uuid) return value;
    if (typeof value === "number") return Uuid.#short(value);
    if (typeof value === "string") return Uuid.#parse(value);
    return Uuid.#octets(value);
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
    const whole = new Uint8Array(16);
    whole.set(baseTail);
    new DataView(whole.buffer).setUint32(12, value, true);
    return new Uuid(whole);
  }

  static #parse(text: string): Uuid {
    const digits = text
      .trim()
      .replace(/^(urn:uuid:|0x)/i, "")
      .replace(/^\{(.*)\}$/, "$1");
    if (/^([0-9a-f]{4}|[0-9a-f]{8})$/i.test(digits)) return Uuid.#short(Number.parseInt(digits, 16));
    if (/^[0-9a-f]{8}(-?)([0-9a-f]{4}\1){3}[0-9a-f]{12}$/i.test(digits))
      return new Uuid(fromHex(digits).reverse());
    throw new SyntaxError(`"${text}" is no UUID: give 4, 8 or 32 hex digits, such as "180d"`);
  }

  static #octets(octets: Uint8Array): Uuid {
    if (octets.length === 2 || octets.length === 4) {
      const whole = new Uint8Array(16);
      whole.set(baseTail);
      whole.set(octets, 12);
      return new Uuid(whole);
    }
    if (octets.length !== 16) throw new RangeError(`a UUID has 2, 4 or 16 octets: ${octets.length}`);
    return new Uuid(new Uint8Array(octets)); // not slice(): the one of a Buffer copies nothing
  }
}
