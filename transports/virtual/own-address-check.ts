import { Status } from "../../src/hci/status.ts";
import type { Chip } from "./chip.ts";
import type { Refusal } from "./command-handler.ts";
import { CoreVersion } from "./core-version.ts";
import { type DeviceAddress, OwnAddressType } from "./device-address.ts";

/** What is wrong with Own_Address_Type as a parameter. Vol 4, Part E, 7.8.5, 7.8.10 and 7.8.12. */
export function refuseOwnAddressType(
  { resolvingList, settings }: Chip,
  ownAddressType: number,
): Refusal | undefined {
  const isOld = settings.profile.core < CoreVersion.V4_2; // when there were no more than two types
  const last = isOld ? OwnAddressType.Random : OwnAddressType.ResolvableOrRandom;
  if (ownAddressType > last) return Status.InvalidHciCommandParameters;
  // Resolvable private addresses want a resolving list.
  if (ownAddressType > OwnAddressType.Random && resolvingList.size === 0) {
    return Status.UnsupportedFeatureOrParameterValue;
  }
  return undefined;
}

/**
 * Nobody may use a random address before it is set. Vol 4, Part E, 7.8.9, 7.8.11 and 7.8.12.
 *
 * @param peer - Towards whom there may be a private address instead.
 */
export function refuseUnsetAddress(
  { randomAddress, resolvingList }: Chip,
  ownAddressType: number,
  peer?: DeviceAddress,
): Refusal | undefined {
  if ((ownAddressType & 1) === 0 || randomAddress !== undefined) return undefined;
  const isPrivate = ownAddressType === OwnAddressType.ResolvableOrRandom && peer !== undefined;
  if (isPrivate && resolvingList.localAddress(peer) !== undefined) return undefined;
  return Status.InvalidHciCommandParameters;
}
