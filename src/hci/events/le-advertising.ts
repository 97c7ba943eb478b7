import { counted, group, i8, prefixed, u16, u48, u8 } from "../../common/struct.ts";
import type { Nothing } from "../command.ts";
import { type Event, leEvent } from "../event.ts";

/** One report of {@link LeAdvertisingReport}. */
export interface AdvertisingReport {
  /** 0 ADV_IND, 1 ADV_DIRECT_IND, 2 ADV_SCAN_IND, 3 ADV_NONCONN_IND, 4 SCAN_RSP. */
  readonly eventType: number;
  /** 0 public, 1 random, 2 public identity, 3 random (static) identity address. */
  readonly addressType: number;
  readonly address: number;
  /** 0 to 31 octets, *borrowed*. */
  readonly data: Uint8Array;
  /** In dBm, -127 to 20; 127 when not known. */
  readonly rssi: number;
}

/** Advertisements or scan responses were received. Vol 4, Part E, 7.7.65.2. */
export const LeAdvertisingReport: Event<{ readonly reports: readonly AdvertisingReport[] }> = leEvent(
  "HCI_LE_Advertising_Report",
  0x02,
  {
    reports: counted(
      u8,
      group({ eventType: u8, addressType: u8, address: u48, data: prefixed(u8), rssi: i8 }),
    ),
  },
);

/** One report of {@link LeDirectedAdvertisingReport}. */
export interface DirectedAdvertisingReport {
  /** 1 ADV_DIRECT_IND. */
  readonly eventType: number;
  /** 0 public, 1 random, 2 public identity, 3 random (static) identity address. */
  readonly addressType: number;
  readonly address: number;
  /** 1 random, or as in {@link ExtendedAdvertisingReport}: it could not be resolved, or there would be no such report. */
  readonly directAddressType: number;
  readonly directAddress: number;
  /** In dBm, -127 to 20; 127 when not known. */
  readonly rssi: number;
}

/** Advertisements directed to an address that could not be resolved were received. Vol 4, Part E, 7.7.65.11. */
export const LeDirectedAdvertisingReport: Event<{ readonly reports: readonly DirectedAdvertisingReport[] }> =
  leEvent("HCI_LE_Directed_Advertising_Report", 0x0b, {
    reports: counted(
      u8,
      group({
        eventType: u8,
        addressType: u8,
        address: u48,
        directAddressType: u8,
        directAddress: u48,
        rssi: i8,
      }),
    ),
  });

/** One report of {@link LeExtendedAdvertisingReport}. */
export interface ExtendedAdvertisingReport {
  /**
   * Bit 0 connectable, 1 scannable, 2 directed, 3 scan response, 4 legacy PDU; bits 5 and 6: 0 the data is complete,
   * 1 more comes, 2 it was truncated.
   */
  readonly eventType: number;
  /** 0 public, 1 random, 2 public identity, 3 random (static) identity, 0xff anonymous. */
  readonly addressType: number;
  readonly address: number;
  /** 1 LE 1M, 3 LE Coded. */
  readonly primaryPhy: number;
  /** 0 none, 1 LE 1M, 2 LE 2M, 3 LE Coded. */
  readonly secondaryPhy: number;
  /** 0x00 to 0x0f; 0xff for none. */
  readonly advertisingSid: number;
  /** In dBm, -127 to 20; 127 when not known. */
  readonly txPower: number;
  /** In dBm, -127 to 20; 127 when not known. */
  readonly rssi: number;
  /** In 1.25 ms; 0 for no periodic advertising. */
  readonly periodicAdvertisingInterval: number;
  /** As `addressType`; 0xfe: a resolvable private address that this controller could not resolve. */
  readonly directAddressType: number;
  readonly directAddress: number;
  /** 0 to 229 octets, *borrowed*. */
  readonly data: Uint8Array;
}

/** Advertisements or scan responses, legacy or extended, were received. Vol 4, Part E, 7.7.65.13. */
export const LeExtendedAdvertisingReport: Event<{ readonly reports: readonly ExtendedAdvertisingReport[] }> =
  leEvent("HCI_LE_Extended_Advertising_Report", 0x0d, {
    reports: counted(
      u8,
      group({
        eventType: u16,
        addressType: u8,
        address: u48,
        primaryPhy: u8,
        secondaryPhy: u8,
        advertisingSid: u8,
        txPower: i8,
        rssi: i8,
        periodicAdvertisingInterval: u16,
        directAddressType: u8,
        directAddress: u48,
        data: prefixed(u8),
      }),
    ),
  });

/** Scanning has ended after the duration it was given. Vol 4, Part E, 7.7.65.17. */
export const LeScanTimeout: Event<Nothing> = leEvent("HCI_LE_Scan_Timeout", 0x11, {});

/** Parameters of {@link LeAdvertisingSetTerminated}. */
export interface LeAdvertisingSetTerminatedParameters {
  /** 0x00 for a connection; Advertising Timeout or Limit Reached otherwise. */
  readonly status: number;
  readonly advertisingHandle: number;
  /** The connection that came of it, if `status` is 0x00. */
  readonly connectionHandle: number;
  readonly numCompletedExtendedAdvertisingEvents: number;
}

/** Advertising has ended by itself. Vol 4, Part E, 7.7.65.18. */
export const LeAdvertisingSetTerminated: Event<LeAdvertisingSetTerminatedParameters> = leEvent(
  "HCI_LE_Advertising_Set_Terminated",
  0x12,
  { status: u8, advertisingHandle: u8, connectionHandle: u16, numCompletedExtendedAdvertisingEvents: u8 },
);

/** Parameters of {@link LeScanRequestReceived}. */
export interface LeScanRequestReceivedParameters {
  readonly advertisingHandle: number;
  /** 0 public, 1 random, 2 public identity, 3 random (static) identity address. */
  readonly scannerAddressType: number;
  readonly scannerAddress: number;
}

/** A scanner asked for the scan response. Vol 4, Part E, 7.7.65.19. */
export const LeScanRequestReceived: Event<LeScanRequestReceivedParameters> = leEvent(
  "HCI_LE_Scan_Request_Received",
  0x13,
  { advertisingHandle: u8, scannerAddressType: u8, scannerAddress: u48 },
);
