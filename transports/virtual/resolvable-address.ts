import { putU24 } from "../../src/common/bytes.ts";
import type { Random } from "../../src/common/random.ts";
import { e } from "./aes.ts";
import type { DeviceAddress } from "./device-address.ts";

const hashRange = 0x100_0000;

/** The upper two bits of prand, 0b01, where prand is a number of 24 bits. Vol 6, Part B, 1.3.2.2. */
const prandTag = 0x40_0000;
const prandRandom = 0x3f_ffff;

/** Whether an address is a resolvable private address. Vol 6, Part B, 1.3.2.2. */
export function isResolvable({ type, value }: DeviceAddress): boolean {
  return type === 1 && Math.floor(value / 2 ** 46) === 0b01;
}

/**
 * The random address hash function ah. Vol 3, Part H, 2.2.2.
 *
 * @param irk - 16 octets in the order of HCI, least significant first.
 * @param prand - 24 bits.
 * @returns 24 bits.
 */
export function ah(irk: Uint8Array, prand: number): number {
  const padded = new Uint8Array(16);
  putU24(padded, 0, prand);
  const [low = 0, middle = 0, high = 0] = e(irk, padded);
  return low | (middle << 8) | (high << 16);
}

/** A new resolvable private address, 48 bits. Vol 6, Part B, 1.3.2.2. */
export function generateResolvable(irk: Uint8Array, random: Random): number {
  // At least one of the random bits is 0, and at least one is 1.
  const prand = (1 + random.below(prandRandom - 1)) | prandTag;
  return prand * hashRange + ah(irk, prand);
}

/** Whether a resolvable private address was made from `irk`. Vol 6, Part B, 1.3.2.3. */
export function resolves(irk: Uint8Array, { value }: DeviceAddress): boolean {
  return ah(irk, Math.floor(value / hashRange)) === value % hashRange;
}
