import { bytes, type Field, mapped } from "../common/struct.ts";

/**
 * A number that goes over the air as a whole number of steps of `times / over`: a fraction, so that 1/100 and 1/1024
 * are what they say. Rounded to the nearest step.
 *
 * @param unknown - What goes over the air where the number is not known: NaN in the program.
 */
export function scaled(field: Field<number>, times: number, over = 1, unknown?: number): Field<number> {
  return mapped(
    field,
    (steps) => (steps === unknown ? Number.NaN : (steps * times) / over),
    (value) => {
      if (unknown !== undefined && Number.isNaN(value)) return unknown;
      const steps = Math.round((value * over) / times);
      if (steps !== unknown) return steps;
      throw new RangeError(`${value} is not possible: its octets say that it is not known`);
    },
  );
}

/** A number of which not all that fit its octets are values. */
export function ranged(field: Field<number>, least: number, most: number): Field<number> {
  const checked = (value: number): number => {
    if (value >= least && value <= most) return value;
    throw new RangeError(`${value} is not from ${least} to ${most}`);
  };
  return mapped(field, checked, checked);
}

/**
 * Bits of a number by their names, the least significant first; bits without a name are ignored and sent as zero.
 *
 * @param names - At the place of each bit; `undefined` where there is none.
 */
export function bitNames<Name extends string>(
  field: Field<number>,
  names: readonly (Name | undefined)[],
): Field<readonly Name[]> {
  return mapped(
    field,
    (bits) => {
      const set = names.filter((_, place) => ((bits >>> place) & 1) === 1);
      return set.filter((name) => name !== undefined);
    },
    (set) => {
      let bits = 0;
      for (const name of set) {
        const place = names.indexOf(name);
        if (place < 0) throw new RangeError(`there is no bit called ${name}`);
        bits |= 1 << place;
      }
      return bits >>> 0;
    },
  );
}

/** Five octets as a number, little-endian. */
export const u40: Field<number> = mapped(
  bytes(5),
  (octets) => octets.reduceRight((number, octet) => number * 256 + octet, 0),
  (number) => {
    if (!Number.isInteger(number) || number < 0 || number >= 2 ** 40)
      throw new RangeError(`${number} is no unsigned 40-bit number`);
    return Uint8Array.from({ length: 5 }, (_, place) => Math.floor(number / 256 ** place));
  },
);
