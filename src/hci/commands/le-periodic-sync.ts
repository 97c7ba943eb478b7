import { counted, prefixed, u16, u48, u8 } from "../../common/struct.ts";
import { type Command, command, deferredCommand, type Nothing, opcodeOf, Ogf } from "../command.ts";

/** Names one periodic advertising train that is received. */
export interface OnSync {
  /** Sync_Handle, 0x0000 to 0x0eff. */
  readonly syncHandle: number;
}

/** One periodic advertiser, and which of its sets. */
export interface PeriodicAdvertiser {
  /** 0 public device or identity address, 1 random device or (static) identity address. */
  readonly advertiserAddressType: number;
  readonly advertiserAddress: number;
  /** 0x00 to 0x0f. */
  readonly advertisingSid: number;
}

/** Parameters of {@link LePeriodicAdvertisingCreateSync}. */
export interface LePeriodicAdvertisingCreateSyncParameters extends PeriodicAdvertiser {
  /** Bit 0 any of the Periodic Advertiser List, bit 1 reporting off at first, bit 2 duplicate filtering on. */
  readonly options: number;
  /** How many events may be skipped after one was received, 0 to 499. */
  readonly skip: number;
  /** In 10 ms, 0x000a to 0x4000. */
  readonly syncTimeout: number;
  /** Bits 0 to 3: do not synchronise with AoA, AoD 1 µs, AoD 2 µs, type 3; bit 4: not without CTE. */
  readonly syncCteType: number;
}

/** Synchronises with a periodic advertiser; LE Periodic Advertising Sync Established follows. Vol 4, Part E, 7.8.67. */
export const LePeriodicAdvertisingCreateSync: Command<LePeriodicAdvertisingCreateSyncParameters, Nothing> =
  deferredCommand("HCI_LE_Periodic_Advertising_Create_Sync", opcodeOf(Ogf.Le, 0x0044), {
    options: u8,
    advertisingSid: u8,
    advertiserAddressType: u8,
    advertiserAddress: u48,
    skip: u16,
    syncTimeout: u16,
    syncCteType: u8,
  });

/** Gives up synchronising; the event that was due comes all the same. Vol 4, Part E, 7.8.68. */
export const LePeriodicAdvertisingCreateSyncCancel: Command<Nothing, Nothing> = command(
  "HCI_LE_Periodic_Advertising_Create_Sync_Cancel",
  opcodeOf(Ogf.Le, 0x0045),
  {},
  {},
);

/** Stops receiving a periodic advertiser. Vol 4, Part E, 7.8.69. */
export const LePeriodicAdvertisingTerminateSync: Command<OnSync, Nothing> = command(
  "HCI_LE_Periodic_Advertising_Terminate_Sync",
  opcodeOf(Ogf.Le, 0x0046),
  { syncHandle: u16 },
  {},
);

/** Adds to the Periodic Advertiser List. Vol 4, Part E, 7.8.70. */
export const LeAddDeviceToPeriodicAdvertiserList: Command<PeriodicAdvertiser, Nothing> = command(
  "HCI_LE_Add_Device_To_Periodic_Advertiser_List",
  opcodeOf(Ogf.Le, 0x0047),
  { advertiserAddressType: u8, advertiserAddress: u48, advertisingSid: u8 },
  {},
);

/** Removes from the Periodic Advertiser List. Vol 4, Part E, 7.8.71. */
export const LeRemoveDeviceFromPeriodicAdvertiserList: Command<PeriodicAdvertiser, Nothing> = command(
  "HCI_LE_Remove_Device_From_Periodic_Advertiser_List",
  opcodeOf(Ogf.Le, 0x0048),
  { advertiserAddressType: u8, advertiserAddress: u48, advertisingSid: u8 },
  {},
);

/** Empties the Periodic Advertiser List. Vol 4, Part E, 7.8.72. */
export const LeClearPeriodicAdvertiserList: Command<Nothing, Nothing> = command(
  "HCI_LE_Clear_Periodic_Advertiser_List",
  opcodeOf(Ogf.Le, 0x0049),
  {},
  {},
);

/** Reads how many entries the Periodic Advertiser List can hold. Vol 4, Part E, 7.8.73. */
export const LeReadPeriodicAdvertiserListSize: Command<
  Nothing,
  { readonly periodicAdvertiserListSize: number }
> = command(
  "HCI_LE_Read_Periodic_Advertiser_List_Size",
  opcodeOf(Ogf.Le, 0x004a),
  {},
  { periodicAdvertiserListSize: u8 },
);

/** Parameters of {@link LeSetPeriodicAdvertisingReceiveEnable}. */
export interface LeSetPeriodicAdvertisingReceiveEnableParameters extends OnSync {
  /** Bit 0 reporting, bit 1 duplicate filtering. */
  readonly enable: number;
}

/** Switches the reports of a periodic advertiser on or off. Vol 4, Part E, 7.8.88. */
export const LeSetPeriodicAdvertisingReceiveEnable: Command<
  LeSetPeriodicAdvertisingReceiveEnableParameters,
  Nothing
> = command(
  "HCI_LE_Set_Periodic_Advertising_Receive_Enable",
  opcodeOf(Ogf.Le, 0x0059),
  { syncHandle: u16, enable: u8 },
  {},
);

/** Parameters of {@link LeSetPeriodicAdvertisingResponseData}. */
export interface LeSetPeriodicAdvertisingResponseDataParameters extends OnSync {
  /** The paEventCounter of the event that is answered. */
  readonly requestEvent: number;
  /** The subevent that is answered. */
  readonly requestSubevent: number;
  /** In which subevent the answer is sent. */
  readonly responseSubevent: number;
  readonly responseSlot: number;
  /** At most 251 octets. */
  readonly responseData: Uint8Array;
}

/** Answers a periodic advertiser in one response slot. Vol 4, Part E, 7.8.126. */
export const LeSetPeriodicAdvertisingResponseData: Command<
  LeSetPeriodicAdvertisingResponseDataParameters,
  OnSync
> = command(
  "HCI_LE_Set_Periodic_Advertising_Response_Data",
  opcodeOf(Ogf.Le, 0x0083),
  {
    syncHandle: u16,
    requestEvent: u16,
    requestSubevent: u8,
    responseSubevent: u8,
    responseSlot: u8,
    responseData: prefixed(u8),
  },
  { syncHandle: u16 },
);

/** Parameters of {@link LeSetPeriodicSyncSubevent}. */
export interface LeSetPeriodicSyncSubeventParameters extends OnSync {
  /** Bit 6: TxPower in the answers. */
  readonly periodicAdvertisingProperties: number;
  readonly subevents: readonly number[];
}

/** Chooses which subevents of a periodic advertiser are received. Vol 4, Part E, 7.8.127. */
export const LeSetPeriodicSyncSubevent: Command<LeSetPeriodicSyncSubeventParameters, OnSync> = command(
  "HCI_LE_Set_Periodic_Sync_Subevent",
  opcodeOf(Ogf.Le, 0x0084),
  { syncHandle: u16, periodicAdvertisingProperties: u16, subevents: counted(u8, u8) },
  { syncHandle: u16 },
);
