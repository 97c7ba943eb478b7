import { createCipheriv } from "node:crypto";
import { reversed } from "../../../src/common/bytes.ts";
import {
  LeEncrypt,
  LeRand,
  LeReadBufferSize,
  LeReadBufferSizeV2,
  LeReadLocalSupportedFeatures,
  LeReadSupportedStates,
  LeSetEventMask,
  LeSetRandomAddress,
} from "../../../src/hci/commands/le-controller.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Chip } from "../chip.ts";
import { type CommandHandler, completes, nothing } from "../command-handler.ts";
import { leFeatures, leStates } from "../identity.ts";

/** Zeros mean that LE uses the BR/EDR buffers. Vol 4, Part E, 7.8.2. */
function leBuffers({ settings }: Chip): { aclDataPacketLength: number; totalNumAclDataPackets: number } {
  const { leBufferSizeZero, aclOctets, aclPackets } = settings;
  return {
    aclDataPacketLength: leBufferSizeZero ? 0 : aclOctets,
    totalNumAclDataPackets: leBufferSizeZero ? 0 : aclPackets,
  };
}

/** The LE commands about the controller as a whole. Vol 4, Part E, 7.8.1 to 7.8.4, 7.8.22, 7.8.23 and 7.8.27. */
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
  completes(LeReadLocalSupportedFeatures, () => ({ features: leFeatures })),
  completes(LeSetRandomAddress, (chip, { randomAddress }) => {
    if (chip.advertiser.enabled || chip.scanner.enabled || chip.initiator.pending)
      return Status.CommandDisallowed;
    chip.randomAddress = randomAddress;
    return nothing;
  }),
  completes(LeEncrypt, (_, { key, plaintextData }) => {
    // HCI sends the least significant octet first, AES has the most significant one first.
    const cipher = createCipheriv("aes-128-ecb", reversed(key), null);
    return { encryptedData: reversed(cipher.update(reversed(plaintextData))) };
  }),
  completes(LeRand, (chip) => ({ randomNumber: chip.medium.random.bytes(8) })),
  completes(LeReadSupportedStates, () => ({ states: leStates })),
];
