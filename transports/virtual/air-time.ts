import { Phy } from "./phy.ts";

/** Between two packets of a connection event, in µs. Vol 6, Part B, 4.1.1. */
export const interFrameSpace = 150;

/** Between a packet and the one that its AuxPtr points to, in µs. Vol 6, Part B, 4.1.3. */
export const minimumAuxSpace = 300;

/** Octets of the message integrity check of an encrypted packet. Vol 6, Part B, 2.4. */
export const micSize = 4;

/** Header and CRC, which every packet has around its payload. Vol 6, Part B, 2.1. */
const headerAndCrc = 2 + 3;

/** The part of a coded packet that is always coded with S=8: preamble, access address, CI and TERM1. */
const codedStart = 80 + 256 + 16 + 24;

/**
 * How long a packet is on the air, in µs. Vol 6, Part B, 2.1 and 2.2.
 *
 * - LE 1M: (1 preamble + 4 access address + 2 header + payload + 3 CRC) octets of 8 µs.
 * - LE 2M: the same with 2 octets of preamble, octets of 4 µs.
 * - LE Coded: 80 µs preamble, 256 access address, 16 CI, 24 TERM1, then (2 header + payload + 3 CRC) octets of 8 bits
 *   and 3 bits TERM2, S µs a bit.
 *
 * @param payload - In octets, the message integrity check included.
 */
export function airTime(phy: Phy, payload: number): number {
  const octets = headerAndCrc + payload;
  if (phy === Phy.Le1M) return (1 + 4 + octets) * 8;
  if (phy === Phy.Le2M) return (2 + 4 + octets) * 4;
  return codedStart + (octets * 8 + 3) * (phy === Phy.CodedS2 ? 2 : 8);
}

/** How many octets of payload a packet may have to be no longer than `time` µs on the air; may be negative. */
export function payloadWithin(phy: Phy, time: number): number {
  if (phy === Phy.Le1M) return Math.floor(time / 8) - 1 - 4 - headerAndCrc;
  if (phy === Phy.Le2M) return Math.floor(time / 4) - 2 - 4 - headerAndCrc;
  const bit = phy === Phy.CodedS2 ? 2 : 8;
  return Math.floor(((time - codedStart) / bit - 3) / 8) - headerAndCrc;
}
