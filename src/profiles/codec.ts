import { requireOctets } from "../common/bytes.ts";
import { type Field, type Fields, struct } from "../common/struct.ts";
import type { ValueCodec } from "../gatt/value-codec.ts";

/** A value of several fields. Octets behind the last one are malformed. Errors name the field. */
export function fields<T extends object>(name: string, layout: Fields<T>): ValueCodec<T> {
  const whole = struct(name, layout, "refuse");
  return {
    encode(value) {
      requireFields(name, value, Object.keys(layout));
      return whole.encode(value);
    },
    decode: (octets) => whole.decode(octets),
  };
}

/** A value of a single field. Errors have its name. */
export function field<T>(name: string, layout: Field<T>): ValueCodec<T> {
  const whole = struct<{ "": T }>(name, { "": layout }, "refuse");
  return {
    encode(value) {
      try {
        return whole.encode({ "": value });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new RangeError(`${name}: ${error.message}`, { cause: error });
      }
    },
    decode: (octets) => whole.decode(octets)[""],
  };
}

/** @throws {@link TypeError} For programs that no compiler checks: the value is no object with those fields. */
export function requireFields(name: string, value: unknown, known: readonly string[]): void {
  if (typeof value === "object" && value !== null) return;
  throw new TypeError(`${name}: give an object with ${known.join(", ")}, not ${String(value)}`);
}

/** Octets that mean nothing more to the profile. Decodes to a copy, which the program *owns*. */
export const octets: ValueCodec<Uint8Array> = {
  encode(value) {
    requireOctets(value);
    return new Uint8Array(value);
  },
  decode: (value) => new Uint8Array(value), // not slice(): the one of a Buffer copies nothing
};

/**
 * Text in UTF-8. NULs at its end, which some devices send, are no part of it; octets that are no UTF-8 become U+FFFD.
 */
export const text: ValueCodec<string> = {
  encode(value) {
    if (typeof (value as unknown) !== "string") throw new TypeError(`give a text, not ${typeof value}`);
    return new TextEncoder().encode(value);
  },
  decode: (value) => utf8.decode(value).replace(/\0+$/, ""),
};

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
