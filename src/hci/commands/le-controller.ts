import { bytes, flag, i16, i8, u16, u48, u64, u8 } from "../../common/struct.ts";
import { type Command, command, deferredCommand, type Nothing, opcodeOf, Ogf } from "../command.ts";

/** Chooses which LE events the controller sends, one bit each. Vol 4, Part E, 7.8.1. */
export const LeSetEventMask: Command<{ readonly eventMask: bigint }, Nothing> = command(
  "HCI_LE_Set_Event_Mask",
  opcodeOf(Ogf.Le, 0x0001),
  { eventMask: u64 },
  {},
);

/** Return parameters of {@link LeReadBufferSize}. Both are 0 when LE shares the buffers of BR/EDR. */
export interface LeReadBufferSizeReturns {
  /** Most octets of data in one HCI ACL Data packet to the controller, 27 to 65535. */
  readonly aclDataPacketLength: number;
  /** How many HCI ACL Data packets the controller can hold. */
  readonly totalNumAclDataPackets: number;
}

/** Reads the data buffers of LE. Vol 4, Part E, 7.8.2. */
export const LeReadBufferSize: Command<Nothing, LeReadBufferSizeReturns> = command(
  "HCI_LE_Read_Buffer_Size",
  opcodeOf(Ogf.Le, 0x0002),
  {},
  { aclDataPacketLength: u16, totalNumAclDataPackets: u8 },
);

/** Return parameters of {@link LeReadBufferSizeV2}. */
export interface LeReadBufferSizeV2Returns extends LeReadBufferSizeReturns {
  /** Most octets of an SDU fragment with its headers in one HCI ISO Data packet; 0 for none. */
  readonly isoDataPacketLength: number;
  /** How many HCI ISO Data packets the controller can hold. */
  readonly totalNumIsoDataPackets: number;
}

/** Reads the data buffers of LE, with those of isochronous channels. Vol 4, Part E, 7.8.2. */
export const LeReadBufferSizeV2: Command<Nothing, LeReadBufferSizeV2Returns> = command(
  "HCI_LE_Read_Buffer_Size [v2]",
  opcodeOf(Ogf.Le, 0x0060),
  {},
  {
    aclDataPacketLength: u16,
    totalNumAclDataPackets: u8,
    isoDataPacketLength: u16,
    totalNumIsoDataPackets: u8,
  },
);

/** Reads the controller's LE features (bits: Vol 6, Part B, 4.6). Vol 4, Part E, 7.8.3. */
export const LeReadLocalSupportedFeatures: Command<Nothing, { readonly features: Uint8Array }> = command(
  "HCI_LE_Read_Local_Supported_Features",
  opcodeOf(Ogf.Le, 0x0003),
  {},
  { features: bytes(8) },
);

/** Sets the random address of everything but advertising sets. Vol 4, Part E, 7.8.4. */
export const LeSetRandomAddress: Command<{ readonly randomAddress: number }, Nothing> = command(
  "HCI_LE_Set_Random_Address",
  opcodeOf(Ogf.Le, 0x0005),
  { randomAddress: u48 },
  {},
);

/** Parameters of {@link LeEncrypt}, least significant octet first. */
export interface LeEncryptParameters {
  /** 16 octets. */
  readonly key: Uint8Array;
  /** 16 octets. */
  readonly plaintextData: Uint8Array;
}

/** Encrypts one block with AES-128. Vol 4, Part E, 7.8.22. */
export const LeEncrypt: Command<LeEncryptParameters, { readonly encryptedData: Uint8Array }> = command(
  "HCI_LE_Encrypt",
  opcodeOf(Ogf.Le, 0x0017),
  { key: bytes(16), plaintextData: bytes(16) },
  { encryptedData: bytes(16) },
);

/** Asks for eight random octets. Vol 4, Part E, 7.8.23. */
export const LeRand: Command<Nothing, { readonly randomNumber: Uint8Array }> = command(
  "HCI_LE_Rand",
  opcodeOf(Ogf.Le, 0x0018),
  {},
  { randomNumber: bytes(8) },
);

/** Reads which states and roles the controller can combine, one bit each. Vol 4, Part E, 7.8.27. */
export const LeReadSupportedStates: Command<Nothing, { readonly states: Uint8Array }> = command(
  "HCI_LE_Read_Supported_States",
  opcodeOf(Ogf.Le, 0x001c),
  {},
  { states: bytes(8) },
);

/**
 * Makes a new P-256 key pair; LE Read Local P-256 Public Key Complete brings its public key. Vol 4, Part E, 7.8.36.
 */
export const LeReadLocalP256PublicKey: Command<Nothing, Nothing> = deferredCommand(
  "HCI_LE_Read_Local_P-256_Public_Key",
  opcodeOf(Ogf.Le, 0x0025),
  {},
);

/** The peer's public key, a point on P-256. */
export interface LeGenerateDhKeyParameters {
  /** 32 octets, least significant first. */
  readonly keyXCoordinate: Uint8Array;
  /** 32 octets, least significant first. */
  readonly keyYCoordinate: Uint8Array;
}

/** Computes a Diffie-Hellman key; LE Generate DHKey Complete brings it. Vol 4, Part E, 7.8.37. */
export const LeGenerateDhKey: Command<LeGenerateDhKeyParameters, Nothing> = deferredCommand(
  "HCI_LE_Generate_DHKey",
  opcodeOf(Ogf.Le, 0x0026),
  { keyXCoordinate: bytes(32), keyYCoordinate: bytes(32) },
);

/** Parameters of {@link LeGenerateDhKeyV2}. */
export interface LeGenerateDhKeyV2Parameters extends LeGenerateDhKeyParameters {
  /** 0 the private key of the controller's own pair, 1 the debug private key (Vol 3, Part H, 2.3.5.6.1). */
  readonly keyType: number;
}

/** Computes a Diffie-Hellman key, if wished with the debug key. Vol 4, Part E, 7.8.37. */
export const LeGenerateDhKeyV2: Command<LeGenerateDhKeyV2Parameters, Nothing> = deferredCommand(
  "HCI_LE_Generate_DHKey [v2]",
  opcodeOf(Ogf.Le, 0x005e),
  { keyXCoordinate: bytes(32), keyYCoordinate: bytes(32), keyType: u8 },
);

/** Return parameters of {@link LeReadTransmitPower}. */
export interface LeReadTransmitPowerReturns {
  /** In dBm, -127 to 20. */
  readonly minTxPower: number;
  /** In dBm, -127 to 20. */
  readonly maxTxPower: number;
}

/** Reads the least and the greatest power on any PHY. Vol 4, Part E, 7.8.74. */
export const LeReadTransmitPower: Command<Nothing, LeReadTransmitPowerReturns> = command(
  "HCI_LE_Read_Transmit_Power",
  opcodeOf(Ogf.Le, 0x004b),
  {},
  { minTxPower: i8, maxTxPower: i8 },
);

/** What lies between the transceiver and the antenna. */
export interface RfPathCompensation {
  /** In 0.1 dB, -1280 to 1280. */
  readonly rfTxPathCompensation: number;
  /** In 0.1 dB, -1280 to 1280. */
  readonly rfRxPathCompensation: number;
}

/** Reads the gain or loss of the path to the antenna. Vol 4, Part E, 7.8.75. */
export const LeReadRfPathCompensation: Command<Nothing, RfPathCompensation> = command(
  "HCI_LE_Read_RF_Path_Compensation",
  opcodeOf(Ogf.Le, 0x004c),
  {},
  { rfTxPathCompensation: i16, rfRxPathCompensation: i16 },
);

/** Sets the gain or loss of the path to the antenna. Vol 4, Part E, 7.8.76. */
export const LeWriteRfPathCompensation: Command<RfPathCompensation, Nothing> = command(
  "HCI_LE_Write_RF_Path_Compensation",
  opcodeOf(Ogf.Le, 0x004d),
  { rfTxPathCompensation: i16, rfRxPathCompensation: i16 },
  {},
);

/** Asks for a more (0) or less (1) accurate sleep clock. Vol 4, Part E, 7.8.94. */
export const LeModifySleepClockAccuracy: Command<{ readonly action: number }, Nothing> = command(
  "HCI_LE_Modify_Sleep_Clock_Accuracy",
  opcodeOf(Ogf.Le, 0x005f),
  { action: u8 },
  {},
);

/** Parameters of {@link LeSetHostFeature}. */
export interface LeSetHostFeatureParameters {
  /** Which bit of the FeatureSet, one of those that the host controls (Vol 6, Part B, 4.6). */
  readonly bitNumber: number;
  readonly bitValue: boolean;
}

/** Tells the controller that the host supports a feature or not; before any connection. Vol 4, Part E, 7.8.115. */
export const LeSetHostFeature: Command<LeSetHostFeatureParameters, Nothing> = command(
  "HCI_LE_Set_Host_Feature",
  opcodeOf(Ogf.Le, 0x0074),
  { bitNumber: u8, bitValue: flag },
  {},
);
