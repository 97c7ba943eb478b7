import { hasFeature, LeFeature } from "./le-feature.ts";

/** Whether a controller with these features has a PHY: 1 LE 1M, 2 LE 2M, 3 LE Coded. Vol 6, Part B, 4.6. */
export function supportsPhy(features: Uint8Array, phy: number): boolean {
  if (phy === 2) return hasFeature(features, LeFeature.Le2M);
  return phy === 3 ? hasFeature(features, LeFeature.LeCoded) : phy === 1;
}
