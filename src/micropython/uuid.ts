import { Uuid } from "../index.ts";
import { type BufferLike, octetsOf } from "./octets.ts";

/** What a {@link UUID} is made of: 16 or 32 bits as a number, 2, 4 or 16 octets little-endian, or 32 hex digits. */
export type UuidValue = number | BufferLike | UUID;

/** The UUIDs that somebody holds, by width and octets. */
const known = new Map<string, WeakRef<UUID>>();
const forgotten = new FinalizationRegistry<string>((key) => {
  if (!known.get(key)?.deref()) known.delete(key);
});

/**
 * A UUID of 16, 32 or 128 bits, as in MicroPython's `bluetooth.UUID`.
 *
 * Equal UUIDs are the same object, so that `===` compares them, as `==` does in Python, and they serve in a `Map`; `<` and
 * `>` compare them by width and value. A short UUID is not equal to a long one that means the same.
 *
 * @example
 * ```ts
 * if (uuid === new UUID(0x2902)) cccd_handle = dsc_handle;
 * ```
 */
export class UUID {
  static {
    // What `console.log` shows: Node asks objects for a method of this name.
    Object.defineProperty(UUID.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(this: UUID): string {
        return this.toString();
      },
    });
  }

  /** The octets as they go over the air, little-endian: what Python's buffer protocol gives. A copy. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.#octets);
  }

  readonly #octets: Uint8Array;

  /**
   * @throws {@link RangeError} There is no such UUID.
   * @throws {@link TypeError} It is something else altogether.
   */
  constructor(value: UuidValue) {
    const octets = littleEndian(value);
    this.#octets = octets;
    const key = [octets.length, ...octets].join();
    const same = known.get(key)?.deref();
    if (same) return same;
    known.set(key, new WeakRef(this));
    forgotten.register(this, key);
  }

  /** Whether it is the same, also of an object from somewhere else. */
  equals(other: unknown): boolean {
    return this === other;
  }

  /** The octets, for `Uint8Array.from(uuid)` and `[...uuid]`. */
  [Symbol.iterator](): IterableIterator<number> {
    return this.#octets.values();
  }

  /** `UUID(0x2902)` or `UUID('6e400001-b5a3-f393-e0a9-e50e24dcca9e')`. */
  toString(): string {
    const digits = this.#digits;
    if (digits.length < 32) return `UUID(0x${digits})`;
    return `UUID('${digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}')`;
  }

  /** What `<` and `>` compare. */
  [Symbol.toPrimitive](hint: string): string {
    return hint === "string" ? this.toString() : `${this.#octets.length / 16} ${this.#digits}`;
  }

  get #digits(): string {
    return [...this.#octets]
      .reverse()
      .map((octet) => octet.toString(16).padStart(2, "0"))
      .join("");
  }
}

/** The same for the native API. */
export function nativeUuid(uuid: UUID): Uuid {
  return Uuid.from(uuid.bytes);
}

/** The same of the native API, as short as it was on the air. */
export function uuidOf({ octets }: Uuid): UUID {
  return new UUID(octets);
}

function littleEndian(value: UuidValue): Uint8Array {
  if (value instanceof UUID) return value.bytes;
  if (typeof value === "number") return ofNumber(value);
  if (typeof value === "string") return ofText(value);
  const octets = octetsOf("UUID", value);
  if ([2, 4, 16].includes(octets.length)) return new Uint8Array(octets);
  throw new RangeError(`UUID: 2, 4 or 16 octets, not ${octets.length}`);
}

function ofNumber(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
    throw new RangeError(`UUID: a number has 16 or 32 bits, not ${value}`);
  const octets = Uint8Array.of(value, value >> 8, value >> 16, value >> 24);
  return value > 0xffff ? octets : octets.subarray(0, 2);
}

function ofText(text: string): Uint8Array {
  const digits = text.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(digits)) throw new RangeError(`UUID: "${text}" has not 32 hex digits`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)).reverse();
}
