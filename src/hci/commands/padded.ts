import { bytes, type Field, mapped } from "../../common/struct.ts";

/**
 * Octets behind their length octet that fill `size` octets on the way to the controller, zeros behind the significant
 * part, as in Vol 4, Part E, 7.8.7. Decodes to a *borrowed* view of the significant octets; more than `size` of them
 * throw RangeError in both directions.
 */
export function padded(size: number): Field<Uint8Array> {
  const fits = (length: number): number => {
    if (length > size) throw new RangeError(`${length} significant octets where at most ${size} fit`);
    return length;
  };
  return mapped(
    bytes(1 + size),
    (octets) => octets.subarray(1, 1 + fits(octets[0] ?? 0)),
    (value) => {
      const octets = new Uint8Array(1 + size);
      octets[0] = fits(value.length);
      octets.set(value, 1);
      return octets;
    },
  );
}
