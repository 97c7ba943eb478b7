import { counted, group, prefixed, u16, u8 } from "../../common/struct.ts";
import { type Command, command, type Nothing, opcodeOf, Ogf } from "../command.ts";
import type { OnAdvertisingSet } from "./le-extended-advertising.ts";

/** Parameters of {@link LeSetPeriodicAdvertisingParameters}. */
export interface LeSetPeriodicAdvertisingParametersParameters extends OnAdvertisingSet {
  /** In 1.25 ms, 0x0006 to 0xffff. */
  readonly periodicAdvertisingIntervalMin: number;
  /** In 1.25 ms, 0x0006 to 0xffff. */
  readonly periodicAdvertisingIntervalMax: number;
  /** Bit 6: TxPower in the advertising PDU. */
  readonly periodicAdvertisingProperties: number;
}

/** Says how a set advertises periodically. Vol 4, Part E, 7.8.61. */
export const LeSetPeriodicAdvertisingParameters: Command<
  LeSetPeriodicAdvertisingParametersParameters,
  Nothing
> = command(
  "HCI_LE_Set_Periodic_Advertising_Parameters",
  opcodeOf(Ogf.Le, 0x003e),
  {
    advertisingHandle: u8,
    periodicAdvertisingIntervalMin: u16,
    periodicAdvertisingIntervalMax: u16,
    periodicAdvertisingProperties: u16,
  },
  {},
);

/** Parameters of {@link LeSetPeriodicAdvertisingParametersV2}. */
export interface LeSetPeriodicAdvertisingParametersV2Parameters extends LeSetPeriodicAdvertisingParametersParameters {
  /** 0 to 128; 0 for periodic advertising without responses. */
  readonly numSubevents: number;
  /** In 1.25 ms, 0x06 to 0xff. */
  readonly subeventInterval: number;
  /** In 1.25 ms, from the subevent to its first response slot; 0 for no response slots. */
  readonly responseSlotDelay: number;
  /** In 0.125 ms; 0 for no response slots. */
  readonly responseSlotSpacing: number;
  readonly numResponseSlots: number;
}

/** The same, with subevents and their response slots. Vol 4, Part E, 7.8.61. */
export const LeSetPeriodicAdvertisingParametersV2: Command<
  LeSetPeriodicAdvertisingParametersV2Parameters,
  OnAdvertisingSet
> = command(
  "HCI_LE_Set_Periodic_Advertising_Parameters [v2]",
  opcodeOf(Ogf.Le, 0x0086),
  {
    advertisingHandle: u8,
    periodicAdvertisingIntervalMin: u16,
    periodicAdvertisingIntervalMax: u16,
    periodicAdvertisingProperties: u16,
    numSubevents: u8,
    subeventInterval: u8,
    responseSlotDelay: u8,
    responseSlotSpacing: u8,
    numResponseSlots: u8,
  },
  { advertisingHandle: u8 },
);

/** Parameters of {@link LeSetPeriodicAdvertisingData}. */
export interface LeSetPeriodicAdvertisingDataParameters extends OnAdvertisingSet {
  /** 0 a fragment between, 1 the first, 2 the last, 3 all of it, 4 unchanged with a new DID. */
  readonly operation: number;
  /** At most 252 octets. */
  readonly advertisingData: Uint8Array;
}

/** Sets the data that a set advertises periodically. Vol 4, Part E, 7.8.62. */
export const LeSetPeriodicAdvertisingData: Command<LeSetPeriodicAdvertisingDataParameters, Nothing> = command(
  "HCI_LE_Set_Periodic_Advertising_Data",
  opcodeOf(Ogf.Le, 0x003f),
  { advertisingHandle: u8, operation: u8, advertisingData: prefixed(u8) },
  {},
);

/** Parameters of {@link LeSetPeriodicAdvertisingEnable}. */
export interface LeSetPeriodicAdvertisingEnableParameters extends OnAdvertisingSet {
  /** Bit 0 enable, bit 1 with the ADI in the advertising PDU. */
  readonly enable: number;
}

/** Starts or stops the periodic advertising of a set. Vol 4, Part E, 7.8.63. */
export const LeSetPeriodicAdvertisingEnable: Command<LeSetPeriodicAdvertisingEnableParameters, Nothing> =
  command(
    "HCI_LE_Set_Periodic_Advertising_Enable",
    opcodeOf(Ogf.Le, 0x0040),
    { enable: u8, advertisingHandle: u8 },
    {},
  );

/** What one subevent of {@link LeSetPeriodicAdvertisingSubeventData} sends. */
export interface SubeventData {
  /** 0x00 to 0x7f. */
  readonly subevent: number;
  /** The first response slot in which an answer is listened for. */
  readonly responseSlotStart: number;
  readonly responseSlotCount: number;
  /** At most 251 octets. */
  readonly subeventData: Uint8Array;
}

/** Parameters of {@link LeSetPeriodicAdvertisingSubeventData}. */
export interface LeSetPeriodicAdvertisingSubeventDataParameters extends OnAdvertisingSet {
  readonly subevents: readonly SubeventData[];
}

/** Answers LE Periodic Advertising Subevent Data Request. Vol 4, Part E, 7.8.125. */
export const LeSetPeriodicAdvertisingSubeventData: Command<
  LeSetPeriodicAdvertisingSubeventDataParameters,
  OnAdvertisingSet
> = command(
  "HCI_LE_Set_Periodic_Advertising_Subevent_Data",
  opcodeOf(Ogf.Le, 0x0082),
  {
    advertisingHandle: u8,
    subevents: counted(
      u8,
      group({ subevent: u8, responseSlotStart: u8, responseSlotCount: u8, subeventData: prefixed(u8) }),
    ),
  },
  { advertisingHandle: u8 },
);
