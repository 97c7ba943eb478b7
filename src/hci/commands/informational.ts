import { bytes, u16, u48, u8 } from "../../common/struct.ts";
import { type Command, command, type Nothing, opcodeOf, Ogf } from "../command.ts";

/** Return parameters of {@link ReadLocalVersionInformation}. The numbers are listed in the Assigned Numbers. */
export interface ReadLocalVersionInformationReturns {
  /** 0x06 for Core 4.0, up to 0x0d for Core 5.4. */
  readonly hciVersion: number;
  /** Chosen by the manufacturer. */
  readonly hciSubversion: number;
  /** Version of the Link Manager, or of the Link Layer if there is none. */
  readonly lmpVersion: number;
  /** Who made the controller. */
  readonly companyIdentifier: number;
  /** Chosen by the manufacturer. */
  readonly lmpSubversion: number;
}

/** Reads the versions that the controller has. Vol 4, Part E, 7.4.1. */
export const ReadLocalVersionInformation: Command<Nothing, ReadLocalVersionInformationReturns> = command(
  "HCI_Read_Local_Version_Information",
  opcodeOf(Ogf.Informational, 0x0001),
  {},
  { hciVersion: u8, hciSubversion: u16, lmpVersion: u8, companyIdentifier: u16, lmpSubversion: u16 },
);

/** Reads which commands the controller supports, one bit each (Vol 4, Part E, 6.27). Vol 4, Part E, 7.4.2. */
export const ReadLocalSupportedCommands: Command<Nothing, { readonly supportedCommands: Uint8Array }> =
  command(
    "HCI_Read_Local_Supported_Commands",
    opcodeOf(Ogf.Informational, 0x0002),
    {},
    { supportedCommands: bytes(64) },
  );

/** Reads the LMP features, among them whether LE and BR/EDR are supported. Vol 4, Part E, 7.4.3. */
export const ReadLocalSupportedFeatures: Command<Nothing, { readonly lmpFeatures: Uint8Array }> = command(
  "HCI_Read_Local_Supported_Features",
  opcodeOf(Ogf.Informational, 0x0003),
  {},
  { lmpFeatures: bytes(8) },
);

/** Return parameters of {@link ReadBufferSize}. */
export interface ReadBufferSizeReturns {
  /** Most octets of data in one HCI ACL Data packet to the controller. */
  readonly aclDataPacketLength: number;
  /** Most octets of data in one HCI Synchronous Data packet to the controller. */
  readonly synchronousDataPacketLength: number;
  /** How many HCI ACL Data packets the controller can hold. */
  readonly totalNumAclDataPackets: number;
  /** How many HCI Synchronous Data packets the controller can hold. */
  readonly totalNumSynchronousDataPackets: number;
}

/** Reads the data buffers that BR/EDR has, and LE shares if it has none of its own. Vol 4, Part E, 7.4.5. */
export const ReadBufferSize: Command<Nothing, ReadBufferSizeReturns> = command(
  "HCI_Read_Buffer_Size",
  opcodeOf(Ogf.Informational, 0x0005),
  {},
  {
    aclDataPacketLength: u16,
    synchronousDataPacketLength: u8,
    totalNumAclDataPackets: u16,
    totalNumSynchronousDataPackets: u16,
  },
);

/** Reads the public device address; 0 when the controller has none. Vol 4, Part E, 7.4.6. */
export const ReadBdAddr: Command<Nothing, { readonly bdAddr: number }> = command(
  "HCI_Read_BD_ADDR",
  opcodeOf(Ogf.Informational, 0x0009),
  {},
  { bdAddr: u48 },
);
