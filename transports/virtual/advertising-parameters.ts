import type { LeSetAdvertisingParametersParameters } from "../../src/hci/commands/le-advertising.ts";
import type { LeSetExtendedAdvertisingParametersParameters } from "../../src/hci/commands/le-extended-advertising.ts";
import type { DeviceAddress } from "./device-address.ts";

/** Bits of Advertising_Event_Properties. Vol 4, Part E, 7.8.53. */
export const Property = {
  Connectable: 0x01,
  Scannable: 0x02,
  Directed: 0x04,
  HighDutyCycle: 0x08,
  LegacyPdus: 0x10,
  Anonymous: 0x20,
  IncludeTxPower: 0x40,
} as const;

/** How an advertising set advertises, whichever commands said so. Vol 4, Part E, 7.8.5 and 7.8.53. */
export interface AdvertisingParameters {
  /** Bits of {@link Property}. */
  readonly properties: number;
  /** In 0.625 ms. */
  readonly interval: number;
  /** Bit 0 channel 37, bit 1 channel 38, bit 2 channel 39. */
  readonly channelMap: number;
  readonly ownAddressType: number;
  /** Of directed advertising, and for choosing the local IRK. */
  readonly peer: DeviceAddress;
  readonly filterPolicy: number;
  /** 1 LE 1M, 3 LE Coded. */
  readonly primaryPhy: number;
  /** 1 LE 1M, 2 LE 2M, 3 LE Coded; of no meaning for legacy PDUs. */
  readonly secondaryPhy: number;
  readonly sid: number;
  readonly notifiesScanRequests: boolean;
}

/** The properties of each Advertising_Type. Vol 4, Part E, 7.8.5 and Table 7.2 in 7.8.53. */
const legacyProperties: readonly number[] = [0x13, 0x1d, 0x12, 0x10, 0x15];

/** What Advertising_Event_Properties may be for legacy PDUs. Vol 4, Part E, 7.8.53, Table 7.2. */
export const allowedLegacyProperties: ReadonlySet<number> = new Set(legacyProperties);

/** What LE Set Advertising Parameters asks for. Vol 4, Part E, 7.8.5. */
export function ofLegacyCommand(parameters: LeSetAdvertisingParametersParameters): AdvertisingParameters {
  return {
    properties: legacyProperties[parameters.advertisingType] ?? 0,
    interval: parameters.advertisingIntervalMin,
    channelMap: parameters.advertisingChannelMap,
    ownAddressType: parameters.ownAddressType,
    peer: { type: parameters.peerAddressType, value: parameters.peerAddress },
    filterPolicy: parameters.advertisingFilterPolicy,
    primaryPhy: 1,
    secondaryPhy: 1,
    sid: 0,
    notifiesScanRequests: false,
  };
}

/** What LE Set Extended Advertising Parameters asks for. Vol 4, Part E, 7.8.53. */
export function ofExtendedCommand(
  parameters: LeSetExtendedAdvertisingParametersParameters,
): AdvertisingParameters {
  return {
    properties: parameters.advertisingEventProperties,
    interval: parameters.primaryAdvertisingIntervalMin,
    channelMap: parameters.primaryAdvertisingChannelMap,
    ownAddressType: parameters.ownAddressType,
    peer: { type: parameters.peerAddressType, value: parameters.peerAddress },
    filterPolicy: parameters.advertisingFilterPolicy,
    primaryPhy: parameters.primaryAdvertisingPhy,
    secondaryPhy: parameters.secondaryAdvertisingPhy,
    sid: parameters.advertisingSid,
    notifiesScanRequests: parameters.scanRequestNotificationEnable,
  };
}

/** What holds until the host says otherwise. Vol 4, Part E, 7.8.5. */
export const defaultParameters: AdvertisingParameters = ofLegacyCommand({
  advertisingIntervalMin: 0x0800,
  advertisingIntervalMax: 0x0800,
  advertisingType: 0,
  ownAddressType: 0,
  peerAddressType: 0,
  peerAddress: 0,
  advertisingChannelMap: 0x07,
  advertisingFilterPolicy: 0,
});
