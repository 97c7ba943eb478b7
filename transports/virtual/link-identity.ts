import type { Random } from "../../src/common/random.ts";
import { advertisingAccessAddress } from "./air-capture.ts";

/** What tells the packets of one link from those of others. Vol 6, Part B, 2.3.3.1. */
export interface LinkIdentity {
  /** 32 bits. Vol 6, Part B, 2.1.2. */
  readonly accessAddress: number;
  /** 24 bits. */
  readonly crcInit: number;
  /** 5 to 16. Vol 6, Part B, 4.5.8.2. */
  readonly hopIncrement: number;
}

/** Draws one. */
export function linkIdentity(random: Random): LinkIdentity {
  let accessAddress = random.below(0x1_0000_0000);
  while (!isAccessAddress(accessAddress)) accessAddress = random.below(0x1_0000_0000);
  return { accessAddress, crcInit: random.below(0x100_0000), hopIncrement: 5 + random.below(12) };
}

/** Whether a receiver can find its way into a packet with this address. Vol 6, Part B, 2.1.2. */
export function isAccessAddress(value: number): boolean {
  if (ones(value ^ advertisingAccessAddress) <= 1) return false;
  if ((value & 0xffff) === value >>> 16 && (value & 0xff) === ((value >>> 8) & 0xff)) return false;
  const changes = (value ^ (value >>> 1)) & 0x7fff_ffff;
  return longestRun(value) <= 6 && ones(changes) <= 24 && ones(changes >>> 26) >= 2;
}

function ones(value: number): number {
  let count = 0;
  for (let left = value >>> 0; left !== 0; left &= left - 1) count++;
  return count;
}

/** Of equal bits. */
function longestRun(value: number): number {
  let longest = 1;
  let run = 1;
  for (let bit = 1; bit < 32; bit++) {
    run = ((value >>> bit) & 1) === ((value >>> (bit - 1)) & 1) ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}
