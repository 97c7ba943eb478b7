import { Status } from "../../src/hci/status.ts";
import type { Chip } from "./chip.ts";
import type { Refusal } from "./command-handler.ts";
import { OwnAddressType } from "./device-address.ts";

/** What is wrong with Own_Address_Type as a parameter. Vol 4, Part E, 7.8.5, 7.8.10 and 7.8.12. */
export function refuseOwnAddressType(ownAddressType: number): Refusal | undefined {
  if (ownAddressType > 0x03) return Status.InvalidHciCommandParameters;
  // Resolvable private addresses want a resolving list.
  if (ownAddressType > OwnAddressType.Random) return Status.UnsupportedFeatureOrParameterValue;
  return undefined;
}

/** Nobody may use a random address before it is set. Vol 4, Part E, 7.8.9, 7.8.11 and 7.8.12. */
export function refuseUnsetAddress(chip: Chip, ownAddressType: number): Refusal | undefined {
  if (ownAddressType !== OwnAddressType.Random || chip.randomAddress !== undefined) return undefined;
  return Status.InvalidHciCommandParameters;
}
