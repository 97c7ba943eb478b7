import { Priority } from "../common/priority.ts";
import { requireWhole } from "../common/whole-number.ts";
import type { ChannelLimits } from "./credit-channel.ts";

/** The least MTU and MPS of a credit-based channel. Vol 3, Part A, 4.22. */
const leastLimit = 23;
/** The least MTU and MPS of an enhanced one. Vol 3, Part A, 4.25. */
const leastEnhanced = 64;
const mostMtu = 65_535;
const mostMps = 65_533;
/** As many K-frames as a credit count goes up to. Vol 3, Part A, 10.1. */
export const mostCredits = 65_535;

/** Octets of the SDU length in front of the first K-frame's part. Vol 3, Part A, 3.4.3. */
export const sduLengthSize = 2;

/** The K-frame payload that the longest packet of the radio carries, 251 octets, with the Basic header in front. */
const mpsOfOnePacket = 247;
const leastWindow = 32;

/** {@link ChannelLimits} with what was left out filled in. */
export interface Limits {
  readonly mtu: number;
  readonly mps: number;
  readonly credits: number;
  readonly priority: Priority;
}

/** The least MTU and MPS of a channel of that kind. Vol 3, Part A, 4.22 and 4.25. */
export function leastOf(enhanced: boolean): number {
  return enhanced ? leastEnhanced : leastLimit;
}

/** Whether a peer may have such limits. Vol 3, Part A, 4.22 and 4.25. */
export function areLegal(mtu: number, mps: number, enhanced: boolean): boolean {
  const least = leastOf(enhanced);
  return mtu >= least && mps >= least && mps <= mostMps;
}

/** How many full K-frames an SDU takes. Vol 3, Part A, 3.4.3. */
export function framesOf(size: number, mps: number): number {
  return Math.ceil((size + sduLengthSize) / mps);
}

/**
 * Fills in the limits that were left out.
 *
 * @throws {@link RangeError} One is out of its range; the message names it and the range.
 */
export function checkLimits(limits: ChannelLimits, enhanced: boolean): Limits {
  const { mtu, priority = Priority.Bulk } = limits;
  const least = leastOf(enhanced);
  requireWhole("mtu", mtu, least, mostMtu);
  const mps = limits.mps ?? Math.max(least, Math.min(mtu + sduLengthSize, mpsOfOnePacket));
  requireWhole("mps", mps, least, mostMps);
  const credits =
    limits.initialCredits ?? Math.min(mostCredits, Math.max(leastWindow, 2 * framesOf(mtu, mps)));
  requireWhole("initialCredits", credits, 1, mostCredits);
  requireWhole("priority", priority, Priority.Control, Priority.Bulk);
  return { mtu, mps, credits, priority };
}

/** @throws {@link TypeError} The option is there, and neither true nor false. */
export function requireFlag(name: string, value: unknown): void {
  if (value === undefined || typeof value === "boolean") return;
  throw new TypeError(`${name}: give true or false, not a value of type ${typeof value}`);
}

/** What the new limits of an enhanced channel may be. Vol 3, Part A, 4.27. @throws {@link RangeError} They may not. */
export function checkReconfiguration(mtu: number, mps: number, mtuNow: number): void {
  requireWhole("mtu", mtu, Math.max(leastEnhanced, mtuNow), mostMtu);
  requireWhole("mps", mps, leastEnhanced, mostMps);
}
