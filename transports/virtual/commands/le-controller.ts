import {
  LeEncrypt,
  LeRand,
  LeReadBufferSize,
  LeReadBufferSizeV2,
  LeReadLocalSupportedFeatures,
  LeReadSupportedStates,
  LeSetEventMask,
  LeSetHostFeature,
  LeSetRandomAddress,
} from "../../../src/hci/commands/le-controller.ts";
import { Status } from "../../../src/hci/status.ts";
import { e } from "../aes.ts";
import type { Chip } from "../chip.ts";
import { type CommandHandler, completes, nothing } from "../command-handler.ts";
import { hasFeature, LeFeature, setFeature } from "../le-feature.ts";

/** Zeros mean that LE uses the BR/EDR buffers. Vol 4, Part E, 7.8.2. */
function leBuffers({ settings }: Chip): { aclDataPacketLength: number; totalNumAclDataPackets: number } {
  const { leBufferSizeZero, aclOctets, aclPackets } = settings;
  return {
    aclDataPacketLength: leBufferSizeZero ? 0 : aclOctets,
    totalNumAclDataPackets: leBufferSizeZero ? 0 : aclPackets,
  };
}

/** A feature that is the host's, and those of which the controller needs one for it. */
interface HostFeature {
  readonly own: LeFeature;
  readonly needs: readonly LeFeature[];
}

/** Those that the host sets and clears. Vol 6, Part B, 4.6. */
const hostFeatures: readonly HostFeature[] = [
  {
    own: LeFeature.ConnectedIsochronousStreamHostSupport,
    needs: [LeFeature.ConnectedIsochronousStreamCentral, LeFeature.ConnectedIsochronousStreamPeripheral],
  },
  { own: LeFeature.ConnectionSubratingHostSupport, needs: [LeFeature.ConnectionSubrating] },
  { own: LeFeature.AdvertisingCodingSelectionHostSupport, needs: [LeFeature.AdvertisingCodingSelection] },
];

/** The LE commands about the controller as a whole. Vol 4, Part E, 7.8.1 to 7.8.4, 7.8.22, 7.8.23, 7.8.27, 7.8.115. */
export const leController: readonly CommandHandler[] = [
  completes(LeSetEventMask, (chip, { eventMask }) => {
    chip.hci.masks.setLeEvents(eventMask);
    return nothing;
  }),
  completes(LeReadBufferSize, leBuffers),
  completes(LeReadBufferSizeV2, (chip) => ({
    ...leBuffers(chip),
    isoDataPacketLength: 0,
    totalNumIsoDataPackets: 0,
  })),
  completes(LeReadLocalSupportedFeatures, ({ features }) => ({ features })),
  completes(LeSetRandomAddress, (chip, { randomAddress }) => {
    if (chip.advertiser.enabled || chip.scanner.enabled || chip.initiator.pending)
      return Status.CommandDisallowed;
    chip.randomAddress = randomAddress;
    return nothing;
  }),
  completes(LeEncrypt, (_, { key, plaintextData }) => ({ encryptedData: e(key, plaintextData) })),
  completes(
    LeSetHostFeature,
    ({ features, links }, { bitNumber, bitValue }) => {
      const feature = hostFeatures.find(({ own }) => own === bitNumber);
      const isPossible =
        feature && (!bitValue || feature.needs.some((needed) => hasFeature(features, needed)));
      if (!isPossible) return Status.UnsupportedFeatureOrParameterValue;
      if (links.all().length > 0) return Status.CommandDisallowed;
      setFeature(features, feature.own, bitValue);
      return nothing;
    },
    { flagsAt: [1] },
  ),
  completes(LeRand, (chip) => ({ randomNumber: chip.medium.random.bytes(8) })),
  completes(LeReadSupportedStates, ({ settings }) => ({ states: settings.profile.leStates })),
];
