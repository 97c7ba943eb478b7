import type { Radio } from "./radio.ts";
import { anonymous, type DeviceAddress, OwnAddressType } from "./device-address.ts";
import type { OwnAddress, Peer } from "./peer.ts";
import { isResolvable } from "./resolvable-address.ts";
import { PrivacyMode } from "./resolving-list.ts";

/** Who is behind an address; `undefined` if the privacy mode has the packet ignored. Vol 6, Part B, 4.7. */
export function recognise({ resolvingList }: Radio, onAir: DeviceAddress): Peer | undefined {
  const entry = resolvingList.resolvePeer(onAir);
  if (entry) return { address: entry.identity, reportedType: entry.identity.type + 2, onAir };
  const known = resolvingList.enabled ? resolvingList.get(onAir) : undefined;
  if (known?.peerIrk && known.privacyMode === PrivacyMode.Network) return undefined;
  return { address: onAir, reportedType: onAir.type, onAir };
}

/**
 * The address that the controller uses towards a peer where the host says `ownAddressType`. Vol 6, Part B, 6.
 *
 * @param randomAddress - What it falls back to with the types Random and ResolvableOrRandom.
 */
export function ownAddress(
  { resolvingList, settings }: Radio,
  ownAddressType: number,
  randomAddress: number | undefined,
  peer: DeviceAddress,
): OwnAddress {
  if (ownAddressType >= OwnAddressType.ResolvableOrPublic) {
    const value = resolvingList.localAddress(peer);
    if (value !== undefined) return { type: 1, value, isPrivate: true };
  }
  const isRandom = (ownAddressType & 1) !== 0;
  return {
    type: isRandom ? 1 : 0,
    value: isRandom ? (randomAddress ?? 0) : settings.address.value,
    isPrivate: false,
  };
}

/** The address to which directed advertising is directed. Vol 6, Part B, 6.2.2. */
export function targetAddress(
  { resolvingList }: Radio,
  ownAddressType: number,
  peer: DeviceAddress,
): DeviceAddress {
  if (ownAddressType < OwnAddressType.ResolvableOrPublic) return peer;
  const value = resolvingList.targetAddress(peer);
  return value === undefined ? peer : { type: 1, value };
}

/** At whom a packet is directed: this device, named by the type and address of the report, or somebody else. */
export type Aim =
  | { readonly at: "self"; readonly reportedType: number; readonly value: number }
  | { readonly at: "unresolved" | "other" };

/** At whom a packet is directed, seen from the device with `ownAddressType`. Vol 6, Part B, 6.3. */
export function aimOf(chip: Radio, ownAddressType: number, target: DeviceAddress): Aim {
  const isRandom = (ownAddressType & 1) !== 0;
  const type = isRandom ? 1 : 0;
  const value = isRandom ? (chip.randomAddress ?? 0) : chip.settings.address.value;
  if (target.type === type && target.value === value) return { at: "self", reportedType: type, value };
  if (!isResolvable(target)) return { at: "other" };
  const usesPrivate = ownAddressType >= OwnAddressType.ResolvableOrPublic;
  if (usesPrivate && chip.resolvingList.resolvesToSelf(target)) {
    return { at: "self", reportedType: type + 2, value };
  }
  return { at: "unresolved" };
}

/** Whether a peer is one without an address. */
export function isAnonymous({ address }: Peer): boolean {
  return address.type === anonymous.type;
}
