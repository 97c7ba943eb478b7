import {
  ReadBdAddr,
  ReadBufferSize,
  ReadLocalSupportedCommands,
  ReadLocalSupportedFeatures,
  ReadLocalVersionInformation,
} from "../../../src/hci/commands/informational.ts";
import { ReadRssi } from "../../../src/hci/commands/status-parameters.ts";
import { type CommandHandler, completes, completesForLink } from "../command-handler.ts";
import { lmpFeatures, version } from "../identity.ts";

/**
 * The informational and status parameters. Vol 4, Part E, 7.4 and 7.5.
 *
 * @param supportedCommands - Gives the bits of Vol 4, Part E, 6.27.
 */
export function informational(supportedCommands: () => Uint8Array): readonly CommandHandler[] {
  return [
    completes(ReadLocalVersionInformation, () => ({
      hciVersion: version.number,
      hciSubversion: version.subversion,
      lmpVersion: version.number,
      companyIdentifier: version.companyIdentifier,
      lmpSubversion: version.subversion,
    })),
    completes(ReadLocalSupportedCommands, () => ({ supportedCommands: supportedCommands() })),
    completes(ReadLocalSupportedFeatures, () => ({ lmpFeatures })),
    completes(ReadBufferSize, ({ settings }) => ({
      aclDataPacketLength: settings.aclOctets,
      synchronousDataPacketLength: 0,
      totalNumAclDataPackets: settings.aclPackets,
      totalNumSynchronousDataPackets: 0,
    })),
    completes(ReadBdAddr, ({ settings }) => ({ bdAddr: settings.address.value })),
    completesForLink(ReadRssi, ({ peer }) => ({ rssi: peer.chip.settings.rssi })),
  ];
}
