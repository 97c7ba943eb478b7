import { counted, type Fields, group, i8, prefixed, u16, u48, u8 } from "../../common/struct.ts";
import { type Event, leEvent } from "../event.ts";

/** The subevents and response slots of a periodic advertising train; all 0 when it has none. */
export interface ResponseTiming {
  readonly numSubevents: number;
  /** In 1.25 ms. */
  readonly subeventInterval: number;
  /** In 1.25 ms, from the subevent to its first response slot. */
  readonly responseSlotDelay: number;
  /** In 0.125 ms. */
  readonly responseSlotSpacing: number;
}

const responseTiming: Fields<ResponseTiming> = {
  numSubevents: u8,
  subeventInterval: u8,
  responseSlotDelay: u8,
  responseSlotSpacing: u8,
};

/** Parameters of {@link LePeriodicAdvertisingSyncEstablished}. */
export interface LePeriodicAdvertisingSyncEstablishedParameters {
  readonly status: number;
  readonly syncHandle: number;
  /** 0x00 to 0x0f. */
  readonly advertisingSid: number;
  /** 0 public, 1 random, 2 public identity, 3 random (static) identity address. */
  readonly advertiserAddressType: number;
  readonly advertiserAddress: number;
  /** 1 LE 1M, 2 LE 2M, 3 LE Coded. */
  readonly advertiserPhy: number;
  /** In 1.25 ms. */
  readonly periodicAdvertisingInterval: number;
  /** 0 500 ppm, 1 250, 2 150, 3 100, 4 75, 5 50, 6 30, 7 20 ppm. */
  readonly advertiserClockAccuracy: number;
}

const syncEstablished: Fields<LePeriodicAdvertisingSyncEstablishedParameters> = {
  status: u8,
  syncHandle: u16,
  advertisingSid: u8,
  advertiserAddressType: u8,
  advertiserAddress: u48,
  advertiserPhy: u8,
  periodicAdvertisingInterval: u16,
  advertiserClockAccuracy: u8,
};

/** A periodic advertiser is received now, or could not be. Vol 4, Part E, 7.7.65.14. */
export const LePeriodicAdvertisingSyncEstablished: Event<LePeriodicAdvertisingSyncEstablishedParameters> =
  leEvent("HCI_LE_Periodic_Advertising_Sync_Established", 0x0e, syncEstablished);

/** Parameters of {@link LePeriodicAdvertisingSyncEstablishedV2}. */
export interface LePeriodicAdvertisingSyncEstablishedV2Parameters
  extends LePeriodicAdvertisingSyncEstablishedParameters, ResponseTiming {}

/** The same, with subevents and response slots. Vol 4, Part E, 7.7.65.14. */
export const LePeriodicAdvertisingSyncEstablishedV2: Event<LePeriodicAdvertisingSyncEstablishedV2Parameters> =
  leEvent("HCI_LE_Periodic_Advertising_Sync_Established [v2]", 0x24, {
    ...syncEstablished,
    ...responseTiming,
  });

/** Parameters of {@link LePeriodicAdvertisingReport}. */
export interface LePeriodicAdvertisingReportParameters {
  readonly syncHandle: number;
  /** In dBm, -127 to 20; 127 when not known. */
  readonly txPower: number;
  /** In dBm, -127 to 20; 127 when not known. */
  readonly rssi: number;
  /** 0 AoA, 1 AoD 1 µs, 2 AoD 2 µs, 0xff none. */
  readonly cteType: number;
  /** 0 the data is complete, 1 more comes, 2 it was truncated, 0xff it was not received. */
  readonly dataStatus: number;
  /** 0 to 247 octets, *borrowed*. */
  readonly data: Uint8Array;
}

/** A periodic advertisement was received. Vol 4, Part E, 7.7.65.15. */
export const LePeriodicAdvertisingReport: Event<LePeriodicAdvertisingReportParameters> = leEvent(
  "HCI_LE_Periodic_Advertising_Report",
  0x0f,
  { syncHandle: u16, txPower: i8, rssi: i8, cteType: u8, dataStatus: u8, data: prefixed(u8) },
);

/** Parameters of {@link LePeriodicAdvertisingReportV2}. */
export interface LePeriodicAdvertisingReportV2Parameters extends LePeriodicAdvertisingReportParameters {
  /** The paEventCounter of the event. */
  readonly periodicEventCounter: number;
  readonly subevent: number;
}

/** The same, with the event and subevent in which it came. Vol 4, Part E, 7.7.65.15. */
export const LePeriodicAdvertisingReportV2: Event<LePeriodicAdvertisingReportV2Parameters> = leEvent(
  "HCI_LE_Periodic_Advertising_Report [v2]",
  0x25,
  {
    syncHandle: u16,
    txPower: i8,
    rssi: i8,
    cteType: u8,
    periodicEventCounter: u16,
    subevent: u8,
    dataStatus: u8,
    data: prefixed(u8),
  },
);

/** A periodic advertiser was not received for as long as the host had set. Vol 4, Part E, 7.7.65.16. */
export const LePeriodicAdvertisingSyncLost: Event<{ readonly syncHandle: number }> = leEvent(
  "HCI_LE_Periodic_Advertising_Sync_Lost",
  0x10,
  { syncHandle: u16 },
);

/** Parameters of {@link LePeriodicAdvertisingSyncTransferReceived}. */
export interface LePeriodicAdvertisingSyncTransferReceivedParameters extends LePeriodicAdvertisingSyncEstablishedParameters {
  readonly connectionHandle: number;
  /** From the peer's host, with a meaning of its own. */
  readonly serviceData: number;
}

const { status, ...established } = syncEstablished;
const syncTransferReceived: Fields<LePeriodicAdvertisingSyncTransferReceivedParameters> = {
  status,
  connectionHandle: u16,
  serviceData: u16,
  ...established,
};

/** A periodic advertiser that a peer told of is received now, or could not be. Vol 4, Part E, 7.7.65.24. */
export const LePeriodicAdvertisingSyncTransferReceived: Event<LePeriodicAdvertisingSyncTransferReceivedParameters> =
  leEvent("HCI_LE_Periodic_Advertising_Sync_Transfer_Received", 0x18, syncTransferReceived);

/** Parameters of {@link LePeriodicAdvertisingSyncTransferReceivedV2}. */
export interface LePeriodicAdvertisingSyncTransferReceivedV2Parameters
  extends LePeriodicAdvertisingSyncTransferReceivedParameters, ResponseTiming {}

/** The same, with subevents and response slots. Vol 4, Part E, 7.7.65.24. */
export const LePeriodicAdvertisingSyncTransferReceivedV2: Event<LePeriodicAdvertisingSyncTransferReceivedV2Parameters> =
  leEvent("HCI_LE_Periodic_Advertising_Sync_Transfer_Received [v2]", 0x26, {
    ...syncTransferReceived,
    ...responseTiming,
  });

/** Parameters of {@link LePeriodicAdvertisingSubeventDataRequest}. */
export interface LePeriodicAdvertisingSubeventDataRequestParameters {
  readonly advertisingHandle: number;
  /** The first subevent that data is wanted for. */
  readonly subeventStart: number;
  readonly subeventDataCount: number;
}

/** The controller can take data for coming subevents. Vol 4, Part E, 7.7.65.36. */
export const LePeriodicAdvertisingSubeventDataRequest: Event<LePeriodicAdvertisingSubeventDataRequestParameters> =
  leEvent("HCI_LE_Periodic_Advertising_Subevent_Data_Request", 0x27, {
    advertisingHandle: u8,
    subeventStart: u8,
    subeventDataCount: u8,
  });

/** One response of {@link LePeriodicAdvertisingResponseReport}. */
export interface PeriodicAdvertisingResponse {
  /** In dBm, -127 to 20; 127 when not known. */
  readonly txPower: number;
  /** In dBm, -127 to 20; 127 when not known. */
  readonly rssi: number;
  /** 0 AoA, 1 AoD 1 µs, 2 AoD 2 µs, 0xff none. */
  readonly cteType: number;
  readonly responseSlot: number;
  /** 0 the data is complete, 1 more comes, 2 it was truncated, 0xff nothing was received. */
  readonly dataStatus: number;
  /** *Borrowed*. */
  readonly data: Uint8Array;
}

/** Parameters of {@link LePeriodicAdvertisingResponseReport}. */
export interface LePeriodicAdvertisingResponseReportParameters {
  readonly advertisingHandle: number;
  readonly subevent: number;
  /** 0 the subevent was transmitted, 1 it was not. */
  readonly txStatus: number;
  readonly responses: readonly PeriodicAdvertisingResponse[];
}

/** Devices have answered in the response slots of a subevent. Vol 4, Part E, 7.7.65.37. */
export const LePeriodicAdvertisingResponseReport: Event<LePeriodicAdvertisingResponseReportParameters> =
  leEvent("HCI_LE_Periodic_Advertising_Response_Report", 0x28, {
    advertisingHandle: u8,
    subevent: u8,
    txStatus: u8,
    responses: counted(
      u8,
      group({ txPower: i8, rssi: i8, cteType: u8, responseSlot: u8, dataStatus: u8, data: prefixed(u8) }),
    ),
  });
