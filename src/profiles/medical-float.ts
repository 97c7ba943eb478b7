import { type Field, mapped, u16, u32 } from "../common/struct.ts";

/** A decimal floating-point type of IEEE 11073-20601: exponent of ten in the upper bits, mantissa in the lower ones. */
interface DecimalFormat {
  readonly mantissaBits: number;
  readonly exponentBits: number;
}

/**
 * SFLOAT-Type: 16 bits, a mantissa of at most three digits and a half. IEEE 11073-20601.
 *
 * NaN stands for NaN, NRes and the reserved value, and is sent as NaN.
 */
export const sfloat: Field<number> = decimal(u16, { mantissaBits: 12, exponentBits: 4 });

/** FLOAT-Type: 32 bits, a mantissa of nearly seven digits. IEEE 11073-20601. See {@link sfloat}. */
export const float: Field<number> = decimal(u32, { mantissaBits: 24, exponentBits: 8 });

function decimal(field: Field<number>, format: DecimalFormat): Field<number> {
  return mapped(
    field,
    (bits) => read(bits, format),
    (value) => write(value, format),
  );
}

/** +INFINITY, NaN, NRes, a reserved value and -INFINITY stand in this order around the middle of the mantissas. */
function read(bits: number, { mantissaBits, exponentBits }: DecimalFormat): number {
  const unsigned = bits % 2 ** mantissaBits;
  const exponent = signed(Math.floor(bits / 2 ** mantissaBits), exponentBits);
  const middle = 2 ** (mantissaBits - 1);
  if (isSpecial(unsigned, exponent, middle)) {
    if (unsigned === middle - 2) return Number.POSITIVE_INFINITY;
    return unsigned === middle + 2 ? Number.NEGATIVE_INFINITY : Number.NaN;
  }
  return Number(`${signed(unsigned, mantissaBits)}e${exponent}`); // as text: a power of ten would round twice
}

function write(value: number, { mantissaBits, exponentBits }: DecimalFormat): number {
  const middle = 2 ** (mantissaBits - 1);
  if (Number.isNaN(value)) return middle - 1;
  if (value === Number.POSITIVE_INFINITY) return middle - 2;
  if (value === Number.NEGATIVE_INFINITY) return middle + 2;
  const most = 2 ** (exponentBits - 1) - 1;
  for (let exponent = -most - 1; exponent <= most; exponent++) {
    let mantissa = Math.round(value * 10 ** -exponent);
    if (mantissa < -middle || mantissa >= middle) continue;
    if (isSpecial(unsignedOf(mantissa, mantissaBits), exponent, middle)) continue;
    let shortest = exponent;
    while (shortest < 0 && mantissa % 10 === 0) {
      mantissa /= 10;
      shortest++;
    }
    return unsignedOf(shortest, exponentBits) * 2 ** mantissaBits + unsignedOf(mantissa, mantissaBits);
  }
  throw new RangeError(`${value} is too large for ${mantissaBits + exponentBits} bits`);
}

/** The five values around the middle of the mantissas, with the exponent 0. */
function isSpecial(unsigned: number, exponent: number, middle: number): boolean {
  return exponent === 0 && Math.abs(unsigned - middle) <= 2;
}

function signed(unsigned: number, bits: number): number {
  return unsigned < 2 ** (bits - 1) ? unsigned : unsigned - 2 ** bits;
}

function unsignedOf(number: number, bits: number): number {
  return number < 0 ? number + 2 ** bits : number;
}
