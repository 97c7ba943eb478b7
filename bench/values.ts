/** The most octets of a value that fit one Link Layer packet: 251, less the L2CAP header and that of the ATT PDU. */
export const streamOctets = 244;

/** The longest value that a read with the smallest MTU answers at once. */
export const readOctets = 22;

/** The longest value that a write with the smallest MTU carries. */
export const writeOctets = 20;

/** The lengths of SDUs that channels are measured with. */
export const sduOctets: readonly number[] = [512, 2048, 65_535];

/** A value of some length; what is in it makes no difference. */
export function someValue(octets: number): Uint8Array {
  return Uint8Array.from({ length: octets }, (_, i) => i & 0xff);
}
