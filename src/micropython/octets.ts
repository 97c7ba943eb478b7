import { Address } from "../index.ts";

/** Whatever has octets, as Python's buffer protocol takes it; a text as UTF-8, anything iterable as its numbers. */
export type BufferLike = string | ArrayBuffer | ArrayBufferView | Iterable<number>;

/**
 * The octets of something. *Borrowed* where it has them itself.
 *
 * @param name - The argument, for the error.
 * @throws {@link TypeError} It has none.
 */
export function octetsOf(name: string, value: BufferLike): Uint8Array {
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const other: unknown = value;
  if (typeof other === "object" && other !== null && Symbol.iterator in other) return Uint8Array.from(value);
  throw new TypeError(`${name}: give octets or a text, not ${typeof value}`);
}

/** An address as MicroPython has it: its type, 0 public and 1 random, and 6 octets in the order they are written. */
export type AddressTuple = readonly [addr_type: number, addr: Uint8Array];

/** The tuple of an address. The octets are a copy. */
export function addressTuple({ type, value }: Address): AddressTuple {
  const octets = new Uint8Array(6);
  let left = value;
  for (let at = 5; at >= 0; at--) {
    octets[at] = left % 256;
    left = Math.floor(left / 256);
  }
  return [type === "random" ? 1 : 0, octets];
}

/**
 * The address of a tuple.
 *
 * @throws {@link RangeError} There are not 6 octets.
 */
export function addressOf(addr_type: number, addr: BufferLike): Address {
  const octets = octetsOf("addr", addr);
  if (octets.length !== 6) throw new RangeError(`addr: 6 octets, not ${octets.length}`);
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return new Address((addr_type & 1) === 1 ? "random" : "public", value);
}
