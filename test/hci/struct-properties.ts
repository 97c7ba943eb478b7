import fc from "fast-check";
import { expect } from "vitest";
import type { Struct } from "../../src/common/struct.ts";
import { decodedUnlessMalformed, decodesOrThrowsMalformed } from "../../testing/index.ts";

/** Octets in which the counts and lengths in front are small often enough for whole packets to be found in them. */
const pool = fc
  .tuple(fc.uint8Array({ minLength: 96, maxLength: 96 }), fc.boolean())
  .map(([octets, small]) => (small ? octets.map((octet, at) => (at < 16 ? octet & 3 : octet)) : octets));

/**
 * Whatever octets a struct accepts, it encodes the value it made of them to octets that give the same value.
 *
 * @param fit - Whether the struct takes only octets of the right number, or ignores what follows.
 */
export function decodesWhatItEncodes(
  struct: Struct<unknown>,
  fit: "exactly" | "fromTheStart",
): fc.IProperty<unknown> {
  let usual = 0;
  const accepted = (octets: Uint8Array): { value: unknown; size: number } | undefined => {
    const sizes = fit === "exactly" ? [usual, ...octets.keys()] : [octets.length];
    for (const size of sizes) {
      const value = decodedUnlessMalformed(struct, octets.subarray(0, size));
      if (value === undefined) continue;
      usual = size;
      return { value, size };
    }
    return undefined;
  };
  return fc.property(pool, (octets) => {
    const found = accepted(octets);
    fc.pre(found !== undefined);
    const encoded = struct.encode(found.value);
    if (fit === "exactly") expect(encoded.length).toBe(found.size);
    expect(struct.decode(encoded)).toEqual(found.value);
  });
}

/** Any octets either decode or throw MalformedPduError. */
export function decodesOrRefuses(struct: Struct<unknown>): fc.IProperty<unknown> {
  return fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
    decodesOrThrowsMalformed(struct, octets);
  });
}
