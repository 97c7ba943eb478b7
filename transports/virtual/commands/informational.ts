import {
  ReadBdAddr,
  ReadBufferSize,
  ReadLocalSupportedCommands,
  ReadLocalSupportedFeatures,
  ReadLocalVersionInformation,
} from "../../../src/hci/commands/informational.ts";
import { ReadRssi } from "../../../src/hci/commands/status-parameters.ts";
import type { Chip } from "../chip.ts";
import { type CommandHandler, completes, completesForLink } from "../command-handler.ts";

/**
 * The informational and status parameters. Vol 4, Part E, 7.4 and 7.5.
 *
 * @param supportedCommands - Gives the bits of Vol 4, Part E, 6.27.
 */
export function informational(supportedCommands: (chip: Chip) => Uint8Array): readonly CommandHandler[] {
  return [
    completes(ReadLocalVersionInformation, ({ settings }) => ({
      hciVersion: settings.version,
      hciSubversion: settings.profile.subversion,
      lmpVersion: settings.version,
      companyIdentifier: settings.profile.companyIdentifier,
      lmpSubversion: settings.profile.subversion,
    })),
    completes(ReadLocalSupportedCommands, (chip) => ({ supportedCommands: supportedCommands(chip) })),
    completes(ReadLocalSupportedFeatures, ({ settings }) => ({ lmpFeatures: settings.profile.lmpFeatures })),
    completes(ReadBufferSize, ({ settings }) => ({
      aclDataPacketLength: settings.aclOctets,
      synchronousDataPacketLength: 0,
      totalNumAclDataPackets: settings.aclPackets,
      totalNumSynchronousDataPackets: 0,
    })),
    completes(ReadBdAddr, ({ settings }) => ({ bdAddr: settings.address.value })),
    completesForLink(ReadRssi, ({ rssi }) => ({ rssi })),
  ];
}
