/** The polynomial x^24 + x^10 + x^9 + x^6 + x^4 + x^3 + x + 1 with the lowest power in the highest bit. */
const polynomial = 0xda6000;

/** What eight shifts do, by the octet that is shifted out. */
const table = Int32Array.from({ length: 256 }, (_, octet) => {
  let value = octet;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/** What the CRC of advertising packets begins with. Vol 6, Part B, 3.1.1. */
export const advertisingCrcInit = 0x555555;

/**
 * The CRC of a packet, as its three octets follow the PDU, lowest first. Vol 6, Part B, 3.1.1.
 *
 * @param initial - CRCInit, 24 bits.
 * @param from - Where the PDU begins in `octets`, which it fills to `to`.
 */
export function crc24(initial: number, octets: Uint8Array, from: number, to: number): number {
  let state = reversed24(initial);
  for (let at = from; at < to; at++) {
    state = (state >>> 8) ^ (table[(state ^ (octets[at] ?? 0)) & 0xff] ?? 0);
  }
  return state;
}

/** The bits of the shift register go out from the other end than those of a number. */
function reversed24(value: number): number {
  let turned = 0;
  for (let bit = 0; bit < 24; bit++) if ((value >>> bit) & 1) turned |= 1 << (23 - bit);
  return turned;
}
