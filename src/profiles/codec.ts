import { type Field, type Fields, struct } from "../common/struct.ts";
import type { ValueCodec } from "../gatt/value-codec.ts";

/** A value of several fields. Octets behind the last one are malformed. */
export function fields<T extends object>(name: string, layout: Fields<T>): ValueCodec<T> {
  const whole = struct(name, layout, "refuse");
  return { encode: (value) => whole.encode(value), decode: (octets) => whole.decode(octets) };
}

/** A value of a single field. */
export function field<T>(name: string, layout: Field<T>): ValueCodec<T> {
  const whole = struct<{ value: T }>(name, { value: layout }, "refuse");
  return { encode: (value) => whole.encode({ value }), decode: (octets) => whole.decode(octets).value };
}

/** Octets that mean nothing more to the profile. Decodes to a copy, which the program *owns*. */
export const octets: ValueCodec<Uint8Array> = {
  encode: (value) => new Uint8Array(value),
  decode: (value) => new Uint8Array(value), // not slice(): the one of a Buffer copies nothing
};

/**
 * Text in UTF-8. NULs at its end, which some devices send, are no part of it; octets that are no UTF-8 become U+FFFD.
 */
export const text: ValueCodec<string> = {
  encode: (value) => new TextEncoder().encode(value),
  decode: (value) => utf8.decode(value).replace(/\0+$/, ""),
};

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
