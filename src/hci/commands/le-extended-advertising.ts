import { counted, type Fields, flag, group, i8, prefixed, u16, u24, u48, u8 } from "../../common/struct.ts";
import { type Command, command, type Nothing, opcodeOf, Ogf } from "../command.ts";

/** Names one advertising set. */
export interface OnAdvertisingSet {
  /** Advertising_Handle, 0x00 to 0xef, chosen by the host. */
  readonly advertisingHandle: number;
}

/** Parameters of {@link LeSetAdvertisingSetRandomAddress}. */
export interface LeSetAdvertisingSetRandomAddressParameters extends OnAdvertisingSet {
  readonly randomAddress: number;
}

/** Sets the random address of one advertising set. Vol 4, Part E, 7.8.52. */
export const LeSetAdvertisingSetRandomAddress: Command<LeSetAdvertisingSetRandomAddressParameters, Nothing> =
  command(
    "HCI_LE_Set_Advertising_Set_Random_Address",
    opcodeOf(Ogf.Le, 0x0035),
    { advertisingHandle: u8, randomAddress: u48 },
    {},
  );

/** Parameters of {@link LeSetExtendedAdvertisingParameters}. */
export interface LeSetExtendedAdvertisingParametersParameters extends OnAdvertisingSet {
  /**
   * Bit 0 connectable, 1 scannable, 2 directed, 3 directed with high duty cycle, 4 legacy PDUs, 5 anonymous,
   * 6 TxPower in the extended header.
   */
  readonly advertisingEventProperties: number;
  /** In 0.625 ms, 0x000020 to 0xffffff. */
  readonly primaryAdvertisingIntervalMin: number;
  /** In 0.625 ms, 0x000020 to 0xffffff. */
  readonly primaryAdvertisingIntervalMax: number;
  /** Bit 0 channel 37, bit 1 channel 38, bit 2 channel 39. */
  readonly primaryAdvertisingChannelMap: number;
  /** 0 public, 1 random, 2 resolvable or else public, 3 resolvable or else random. */
  readonly ownAddressType: number;
  /** 0 public device or identity address, 1 random (static) identity or device address. */
  readonly peerAddressType: number;
  readonly peerAddress: number;
  /** Bit 0 scan requests, bit 1 connection requests from the Filter Accept List only. */
  readonly advertisingFilterPolicy: number;
  /** In dBm, -127 to 20, at most; 127 for no preference. */
  readonly advertisingTxPower: number;
  /** 1 LE 1M, 3 LE Coded. */
  readonly primaryAdvertisingPhy: number;
  /** How many advertising events may go by before AUX_ADV_IND. */
  readonly secondaryAdvertisingMaxSkip: number;
  /** 1 LE 1M, 2 LE 2M, 3 LE Coded. */
  readonly secondaryAdvertisingPhy: number;
  /** 0x00 to 0x0f. */
  readonly advertisingSid: number;
  readonly scanRequestNotificationEnable: boolean;
}

/** In dBm, -127 to 20: the power that the controller chose. */
export interface SelectedTxPower {
  readonly selectedTxPower: number;
}

const extendedAdvertisingParameters: Fields<LeSetExtendedAdvertisingParametersParameters> = {
  advertisingHandle: u8,
  advertisingEventProperties: u16,
  primaryAdvertisingIntervalMin: u24,
  primaryAdvertisingIntervalMax: u24,
  primaryAdvertisingChannelMap: u8,
  ownAddressType: u8,
  peerAddressType: u8,
  peerAddress: u48,
  advertisingFilterPolicy: u8,
  advertisingTxPower: i8,
  primaryAdvertisingPhy: u8,
  secondaryAdvertisingMaxSkip: u8,
  secondaryAdvertisingPhy: u8,
  advertisingSid: u8,
  scanRequestNotificationEnable: flag,
};

/** Makes an advertising set, or says how an existing one advertises. Vol 4, Part E, 7.8.53. */
export const LeSetExtendedAdvertisingParameters: Command<
  LeSetExtendedAdvertisingParametersParameters,
  SelectedTxPower
> = command(
  "HCI_LE_Set_Extended_Advertising_Parameters",
  opcodeOf(Ogf.Le, 0x0036),
  extendedAdvertisingParameters,
  { selectedTxPower: i8 },
);

/** Parameters of {@link LeSetExtendedAdvertisingParametersV2}. */
export interface LeSetExtendedAdvertisingParametersV2Parameters extends LeSetExtendedAdvertisingParametersParameters {
  /** On LE Coded: 0 no preference, 1 prefer S=2, 2 prefer S=8, 3 require S=2, 4 require S=8. */
  readonly primaryAdvertisingPhyOptions: number;
  /** As `primaryAdvertisingPhyOptions`. */
  readonly secondaryAdvertisingPhyOptions: number;
}

/** The same, with the coding of LE Coded. Vol 4, Part E, 7.8.53. */
export const LeSetExtendedAdvertisingParametersV2: Command<
  LeSetExtendedAdvertisingParametersV2Parameters,
  SelectedTxPower
> = command(
  "HCI_LE_Set_Extended_Advertising_Parameters [v2]",
  opcodeOf(Ogf.Le, 0x007f),
  { ...extendedAdvertisingParameters, primaryAdvertisingPhyOptions: u8, secondaryAdvertisingPhyOptions: u8 },
  { selectedTxPower: i8 },
);

/** Parameters of {@link LeSetExtendedAdvertisingData}. */
export interface LeSetExtendedAdvertisingDataParameters extends OnAdvertisingSet {
  /** 0 a fragment between, 1 the first, 2 the last, 3 all of it, 4 unchanged with a new DID. */
  readonly operation: number;
  /** 0 the controller may fragment the data, 1 it should not. */
  readonly fragmentPreference: number;
  /** At most 251 octets. */
  readonly advertisingData: Uint8Array;
}

/** Sets the data that a set advertises. Vol 4, Part E, 7.8.54. */
export const LeSetExtendedAdvertisingData: Command<LeSetExtendedAdvertisingDataParameters, Nothing> = command(
  "HCI_LE_Set_Extended_Advertising_Data",
  opcodeOf(Ogf.Le, 0x0037),
  { advertisingHandle: u8, operation: u8, fragmentPreference: u8, advertisingData: prefixed(u8) },
  {},
);

/** Parameters of {@link LeSetExtendedScanResponseData}. */
export interface LeSetExtendedScanResponseDataParameters extends OnAdvertisingSet {
  /** 0 a fragment between, 1 the first, 2 the last, 3 all of it. */
  readonly operation: number;
  /** 0 the controller may fragment the data, 1 it should not. */
  readonly fragmentPreference: number;
  /** At most 251 octets. */
  readonly scanResponseData: Uint8Array;
}

/** Sets the data that a set answers scan requests with. Vol 4, Part E, 7.8.55. */
export const LeSetExtendedScanResponseData: Command<LeSetExtendedScanResponseDataParameters, Nothing> =
  command(
    "HCI_LE_Set_Extended_Scan_Response_Data",
    opcodeOf(Ogf.Le, 0x0038),
    { advertisingHandle: u8, operation: u8, fragmentPreference: u8, scanResponseData: prefixed(u8) },
    {},
  );

/** How long a set of {@link LeSetExtendedAdvertisingEnable} advertises. */
export interface AdvertisingSetDuration extends OnAdvertisingSet {
  /** In 10 ms; 0 until stopped. */
  readonly duration: number;
  /** 0 for any number. */
  readonly maxExtendedAdvertisingEvents: number;
}

/** Parameters of {@link LeSetExtendedAdvertisingEnable}. */
export interface LeSetExtendedAdvertisingEnableParameters {
  readonly enable: boolean;
  /** None, when disabling, for all sets. */
  readonly sets: readonly AdvertisingSetDuration[];
}

/** Starts or stops the advertising of sets. Vol 4, Part E, 7.8.56. */
export const LeSetExtendedAdvertisingEnable: Command<LeSetExtendedAdvertisingEnableParameters, Nothing> =
  command(
    "HCI_LE_Set_Extended_Advertising_Enable",
    opcodeOf(Ogf.Le, 0x0039),
    {
      enable: flag,
      sets: counted(u8, group({ advertisingHandle: u8, duration: u16, maxExtendedAdvertisingEvents: u8 })),
    },
    {},
  );

/** Reads how many octets of data a set can advertise, 31 to 1650. Vol 4, Part E, 7.8.57. */
export const LeReadMaximumAdvertisingDataLength: Command<
  Nothing,
  { readonly maxAdvertisingDataLength: number }
> = command(
  "HCI_LE_Read_Maximum_Advertising_Data_Length",
  opcodeOf(Ogf.Le, 0x003a),
  {},
  { maxAdvertisingDataLength: u16 },
);

/** Reads how many sets there can be, as of now. Vol 4, Part E, 7.8.58. */
export const LeReadNumberOfSupportedAdvertisingSets: Command<
  Nothing,
  { readonly numSupportedAdvertisingSets: number }
> = command(
  "HCI_LE_Read_Number_of_Supported_Advertising_Sets",
  opcodeOf(Ogf.Le, 0x003b),
  {},
  { numSupportedAdvertisingSets: u8 },
);

/** Removes a set that does not advertise. Vol 4, Part E, 7.8.59. */
export const LeRemoveAdvertisingSet: Command<OnAdvertisingSet, Nothing> = command(
  "HCI_LE_Remove_Advertising_Set",
  opcodeOf(Ogf.Le, 0x003c),
  { advertisingHandle: u8 },
  {},
);

/** Removes all sets; not while one advertises. Vol 4, Part E, 7.8.60. */
export const LeClearAdvertisingSets: Command<Nothing, Nothing> = command(
  "HCI_LE_Clear_Advertising_Sets",
  opcodeOf(Ogf.Le, 0x003d),
  {},
  {},
);

/** Parameters of {@link LeSetDataRelatedAddressChanges}. */
export interface LeSetDataRelatedAddressChangesParameters extends OnAdvertisingSet {
  /** Bit 0 when the advertising data changes, bit 1 when the scan response data does. */
  readonly changeReasons: number;
}

/** Lets the resolvable private address of a set change with its data. Vol 4, Part E, 7.8.122. */
export const LeSetDataRelatedAddressChanges: Command<LeSetDataRelatedAddressChangesParameters, Nothing> =
  command(
    "HCI_LE_Set_Data_Related_Address_Changes",
    opcodeOf(Ogf.Le, 0x007c),
    { advertisingHandle: u8, changeReasons: u8 },
    {},
  );
