/** The remainder of each octet by the generator polynomial D^16 + D^12 + D^5 + 1, bits reversed. */
const table = Array.from({ length: 256 }, (_, octet) => {
  let remainder = octet;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >> 1) ^ (remainder & 1 ? 0x8408 : 0);
  return remainder;
});

/**
 * The 16-bit CCITT-CRC over header and payload, begun with 0xFFFF, octets least significant bit first. It is sent most
 * significant octet first. Vol 4, Part D, 5.1.
 */
export function dataIntegrityCheck(octets: Uint8Array): number {
  let remainder = 0xffff;
  for (const octet of octets) remainder = (remainder >> 8) ^ (table[(remainder ^ octet) & 0xff] ?? 0);
  return reversed(remainder);
}

function reversed(value: number): number {
  let result = 0;
  for (let bit = 0; bit < 16; bit++) result |= ((value >> bit) & 1) << (15 - bit);
  return result;
}
