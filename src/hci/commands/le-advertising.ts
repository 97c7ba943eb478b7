import { flag, i8, u16, u48, u8 } from "../../common/struct.ts";
import { type Command, command, type Nothing, opcodeOf, Ogf } from "../command.ts";
import { padded } from "./padded.ts";

/** Parameters of {@link LeSetAdvertisingParameters}. */
export interface LeSetAdvertisingParametersParameters {
  /** In 0.625 ms, 0x0020 to 0x4000. */
  readonly advertisingIntervalMin: number;
  /** In 0.625 ms, 0x0020 to 0x4000. */
  readonly advertisingIntervalMax: number;
  /** 0 ADV_IND, 1 ADV_DIRECT_IND high duty cycle, 2 ADV_SCAN_IND, 3 ADV_NONCONN_IND, 4 ADV_DIRECT_IND low duty cycle. */
  readonly advertisingType: number;
  /** 0 public, 1 random, 2 resolvable or else public, 3 resolvable or else random. */
  readonly ownAddressType: number;
  /** 0 public device or identity address, 1 random (static) identity or device address. */
  readonly peerAddressType: number;
  readonly peerAddress: number;
  /** Bit 0 channel 37, bit 1 channel 38, bit 2 channel 39. */
  readonly advertisingChannelMap: number;
  /** Bit 0 scan requests, bit 1 connection requests from the Filter Accept List only. */
  readonly advertisingFilterPolicy: number;
}

/** Says how to advertise; not while advertising. Vol 4, Part E, 7.8.5. */
export const LeSetAdvertisingParameters: Command<LeSetAdvertisingParametersParameters, Nothing> = command(
  "HCI_LE_Set_Advertising_Parameters",
  opcodeOf(Ogf.Le, 0x0006),
  {
    advertisingIntervalMin: u16,
    advertisingIntervalMax: u16,
    advertisingType: u8,
    ownAddressType: u8,
    peerAddressType: u8,
    peerAddress: u48,
    advertisingChannelMap: u8,
    advertisingFilterPolicy: u8,
  },
  {},
);

/** Reads the power of advertising, in dBm, -127 to 20. Vol 4, Part E, 7.8.6. */
export const LeReadAdvertisingPhysicalChannelTxPower: Command<Nothing, { readonly txPowerLevel: number }> =
  command(
    "HCI_LE_Read_Advertising_Physical_Channel_Tx_Power",
    opcodeOf(Ogf.Le, 0x0007),
    {},
    { txPowerLevel: i8 },
  );

/** Sets the up to 31 octets of data in advertising packets. Vol 4, Part E, 7.8.7. */
export const LeSetAdvertisingData: Command<{ readonly advertisingData: Uint8Array }, Nothing> = command(
  "HCI_LE_Set_Advertising_Data",
  opcodeOf(Ogf.Le, 0x0008),
  { advertisingData: padded(31) },
  {},
);

/** Sets the up to 31 octets of data in scan responses. Vol 4, Part E, 7.8.8. */
export const LeSetScanResponseData: Command<{ readonly scanResponseData: Uint8Array }, Nothing> = command(
  "HCI_LE_Set_Scan_Response_Data",
  opcodeOf(Ogf.Le, 0x0009),
  { scanResponseData: padded(31) },
  {},
);

/** Starts or stops advertising. Vol 4, Part E, 7.8.9. */
export const LeSetAdvertisingEnable: Command<{ readonly advertisingEnable: boolean }, Nothing> = command(
  "HCI_LE_Set_Advertising_Enable",
  opcodeOf(Ogf.Le, 0x000a),
  { advertisingEnable: flag },
  {},
);
