import type { Chip } from "./chip.ts";
import { anonymous, type DeviceAddress, OwnAddressType } from "./device-address.ts";
import { isResolvable } from "./resolvable-address.ts";
import { PrivacyMode } from "./resolving-list.ts";

/** Who sent a packet, as far as a controller can tell. */
export interface Peer {
  /** The identity address where the one in the packet was resolved, else that one. */
  readonly address: DeviceAddress;
  /** As events have it: 2 and 3 for identity addresses that were resolved. Vol 4, Part E, 7.7.65.2. */
  readonly reportedType: number;
  /** What the packet said. */
  readonly onAir: DeviceAddress;
}

/** Who is behind an address; `undefined` if the privacy mode has the packet ignored. Vol 6, Part B, 4.7. */
export function recognise({ resolvingList }: Chip, onAir: DeviceAddress): Peer | undefined {
  const entry = resolvingList.resolvePeer(onAir);
  if (entry) return { address: entry.identity, reportedType: entry.identity.type + 2, onAir };
  const known = resolvingList.enabled ? resolvingList.get(onAir) : undefined;
  if (known?.peerIrk && known.privacyMode === PrivacyMode.Network) return undefined;
  return { address: onAir, reportedType: onAir.type, onAir };
}

/** An address of the device itself. */
export interface OwnAddress extends DeviceAddress {
  /** Whether the controller made it from a local IRK. */
  readonly isPrivate: boolean;
}

/**
 * The address that the controller uses towards a peer where the host says `ownAddressType`. Vol 6, Part B, 6.
 *
 * @param randomAddress - What it falls back to with the types Random and ResolvableOrRandom.
 */
export function ownAddress(
  { resolvingList, settings }: Chip,
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
  { resolvingList }: Chip,
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
export function aimOf(chip: Chip, ownAddressType: number, target: DeviceAddress): Aim {
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
