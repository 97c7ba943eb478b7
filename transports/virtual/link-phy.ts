import type { LeSetDefaultPhyParameters } from "../../src/hci/commands/le-connection.ts";
import { hasFeature, LeFeature } from "./le-feature.ts";
import { Phy } from "./phy.ts";

/** Bits of TX_PHYS and RX_PHYS. Vol 4, Part E, 7.8.48. */
export const PhyBit = { Le1M: 1, Le2M: 2, LeCoded: 4 } as const;

/** No preference either way. Vol 4, Part E, 7.8.48. */
export const anyPhy: LeSetDefaultPhyParameters = { allPhys: 0b11, txPhys: 0, rxPhys: 0 };

/** With which PHYs an end would transmit and receive. */
export interface PhyWish {
  /** Bits of {@link PhyBit}. */
  readonly transmit: number;
  /** Bits of {@link PhyBit}. */
  readonly receive: number;
}

/** The PHYs that a controller has, as bits of {@link PhyBit}. */
export function supportedPhys(features: Uint8Array): number {
  const has2M = hasFeature(features, LeFeature.Le2M) ? PhyBit.Le2M : 0;
  return PhyBit.Le1M | has2M | (hasFeature(features, LeFeature.LeCoded) ? PhyBit.LeCoded : 0);
}

/** What the host means; without a preference any PHY that there is. Vol 4, Part E, 7.8.48. */
export function phyWish(parameters: LeSetDefaultPhyParameters, supported: number): PhyWish {
  const { allPhys, txPhys, rxPhys } = parameters;
  return {
    transmit: allPhys & 1 ? supported : txPhys & supported,
    receive: allPhys & 2 ? supported : rxPhys & supported,
  };
}

/** The PHY of one direction, of those that both ends would have: the quickest. Vol 6, Part B, 5.1.10. */
export function choosePhy(candidates: number, present: Phy, coded: Phy): Phy {
  if (candidates & PhyBit.Le2M) return Phy.Le2M;
  if (candidates & PhyBit.Le1M) return Phy.Le1M;
  return candidates & PhyBit.LeCoded ? coded : present;
}

/** The PHYs of one end of a link. Vol 6, Part B, 5.1.10. */
export class LinkPhy {
  /** With which this end transmits. */
  transmit: Phy = Phy.Le1M;
  wish: PhyWish;
  /** How it codes on LE Coded: `Phy.CodedS8` or `Phy.CodedS2`. */
  coded: Phy = Phy.CodedS8;

  constructor(wish: PhyWish) {
    this.wish = wish;
  }
}
