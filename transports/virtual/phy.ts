/** How the bits of a packet go through the air, numbered as HCI does where it tells codings apart. Vol 4, Part E, 7.8.117. */
export const Phy = { Le1M: 1, Le2M: 2, CodedS8: 3, CodedS2: 4 } as const;
export type Phy = (typeof Phy)[keyof typeof Phy];

/** The PHY without its coding: 1 LE 1M, 2 LE 2M, 3 LE Coded. Vol 4, Part E, 7.8.47. */
export function phyNumber(phy: Phy): number {
  return Math.min(phy, 3);
}

/** What a receiver hears beyond its reach on LE 1M, in dB, by {@link Phy}. Vol 6, Part A, 4.1. */
const gains: readonly number[] = [0, 0, 0, 12, 5];

/** By how many dB weaker a signal may be on this PHY than on LE 1M. Vol 6, Part A, 4.1. */
export function codingGain(phy: Phy): number {
  return gains[phy] ?? 0;
}
