import {
  LeAddDeviceToResolvingList,
  LeClearResolvingList,
  LeReadLocalResolvableAddress,
  LeReadPeerResolvableAddress,
  LeReadResolvingListSize,
  LeRemoveDeviceFromResolvingList,
  LeSetAddressResolutionEnable,
  LeSetPrivacyMode,
  LeSetResolvablePrivateAddressTimeout,
  type ResolvingListPeer,
} from "../../../src/hci/commands/le-resolving-list.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Chip } from "../chip.ts";
import { type CommandHandler, completes, nothing, type Refusal } from "../command-handler.ts";
import type { DeviceAddress } from "../device-address.ts";
import { PrivacyMode } from "../resolving-list.ts";

/** In s. Vol 4, Part E, 7.8.45. */
const mostTimeout = 3600;

const identityOf = ({ peerIdentityAddressType, peerIdentityAddress }: ResolvingListPeer): DeviceAddress => ({
  type: peerIdentityAddressType,
  value: peerIdentityAddress,
});

/** The list may not change under addresses that are in use. Vol 4, Part E, 7.8.38. */
function refuseChange({ resolvingList, addressesInUse }: Chip): Refusal | undefined {
  return resolvingList.enabled && addressesInUse ? Status.CommandDisallowed : undefined;
}

/** The same of a command that names a peer. */
function refusePeer(chip: Chip, { peerIdentityAddressType }: ResolvingListPeer): Refusal | undefined {
  if (peerIdentityAddressType > 0x01) return Status.InvalidHciCommandParameters;
  return refuseChange(chip);
}

/** A copy, or `undefined` for the key of zeros that stands for none. Vol 4, Part E, 7.8.38. */
function keyOf(irk: Uint8Array): Uint8Array | undefined {
  return irk.every((octet) => octet === 0) ? undefined : irk.slice();
}

/** Privacy. Vol 4, Part E, 7.8.38 to 7.8.45 and 7.8.77. */
export const leResolvingList: readonly CommandHandler[] = [
  completes(LeAddDeviceToResolvingList, (chip, parameters) => {
    const refusal = refusePeer(chip, parameters);
    if (refusal !== undefined) return refusal;
    const { resolvingList } = chip;
    const identity = identityOf(parameters);
    const peerIrk = keyOf(parameters.peerIrk);
    if (resolvingList.get(identity) || (peerIrk && resolvingList.hasPeerIrk(peerIrk))) {
      return Status.InvalidHciCommandParameters;
    }
    if (resolvingList.full) return Status.MemoryCapacityExceeded;
    const localIrk = keyOf(parameters.localIrk);
    resolvingList.add({ identity, peerIrk, localIrk, privacyMode: PrivacyMode.Network });
    return nothing;
  }),
  completes(LeRemoveDeviceFromResolvingList, (chip, peer) => {
    const refusal = refusePeer(chip, peer);
    if (refusal !== undefined) return refusal;
    return chip.resolvingList.remove(identityOf(peer)) ? nothing : Status.UnknownConnectionIdentifier;
  }),
  completes(LeClearResolvingList, (chip) => {
    const refusal = refuseChange(chip);
    if (refusal !== undefined) return refusal;
    chip.resolvingList.clear();
    return nothing;
  }),
  completes(LeReadResolvingListSize, ({ resolvingList }) => ({ resolvingListSize: resolvingList.size })),
  completes(LeReadPeerResolvableAddress, ({ resolvingList }, peer) => {
    if (peer.peerIdentityAddressType > 0x01) return Status.InvalidHciCommandParameters;
    const seen = resolvingList.get(identityOf(peer))?.seen;
    return seen === undefined ? Status.UnknownConnectionIdentifier : { peerResolvableAddress: seen };
  }),
  completes(LeReadLocalResolvableAddress, ({ resolvingList }, peer) => {
    if (peer.peerIdentityAddressType > 0x01) return Status.InvalidHciCommandParameters;
    const local = resolvingList.localAddress(identityOf(peer));
    return local === undefined ? Status.UnknownConnectionIdentifier : { localResolvableAddress: local };
  }),
  completes(
    LeSetAddressResolutionEnable,
    (chip, { addressResolutionEnable }) => {
      if (chip.addressesInUse) return Status.CommandDisallowed;
      chip.resolvingList.enabled = addressResolutionEnable;
      return nothing;
    },
    { flagsAt: [0] },
  ),
  completes(LeSetResolvablePrivateAddressTimeout, ({ resolvingList }, { rpaTimeout }) => {
    if (rpaTimeout < 1 || rpaTimeout > mostTimeout) return Status.InvalidHciCommandParameters;
    resolvingList.timeout = rpaTimeout;
    return nothing;
  }),
  completes(LeSetPrivacyMode, (chip, parameters) => {
    if (parameters.privacyMode > PrivacyMode.Device) return Status.InvalidHciCommandParameters;
    const refusal = refusePeer(chip, parameters);
    if (refusal !== undefined) return refusal;
    const entry = chip.resolvingList.get(identityOf(parameters));
    if (!entry) return Status.UnknownConnectionIdentifier;
    entry.privacyMode = parameters.privacyMode;
    return nothing;
  }),
];
