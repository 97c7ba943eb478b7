import { Status } from "../../src/hci/status.ts";
import type { Chip } from "./chip.ts";
import type { Refusal } from "./command-handler.ts";
import { CoreVersion } from "./core-version.ts";
import { hasFeature, LeFeature } from "./le-feature.ts";

/** What is wrong with Scanning_Filter_Policy: 2 and 3 want a feature of their own. Vol 4, Part E, 7.8.10 and 7.8.64. */
export function refuseFilterPolicy({ features, settings }: Chip, policy: number): Refusal | undefined {
  const last = settings.profile.core < CoreVersion.V4_2 ? 0x01 : 0x03;
  if (policy > last) return Status.InvalidHciCommandParameters;
  const isExtended = policy > 0x01;
  if (!isExtended || hasFeature(features, LeFeature.ExtendedScannerFilterPolicies)) return undefined;
  return Status.UnsupportedFeatureOrParameterValue;
}
