import { u16, u8 } from "../../common/struct.ts";
import { type Command, command, type Nothing, opcodeOf, Ogf } from "../command.ts";
import { type OnConnection, onConnection } from "./on-connection.ts";

/** Parameters of {@link LePeriodicAdvertisingSyncTransfer}. */
export interface LePeriodicAdvertisingSyncTransferParameters extends OnConnection {
  /** For the peer's host, with a meaning of its own. */
  readonly serviceData: number;
  readonly syncHandle: number;
}

/** Tells a peer how to receive a periodic advertiser that is received here. Vol 4, Part E, 7.8.89. */
export const LePeriodicAdvertisingSyncTransfer: Command<
  LePeriodicAdvertisingSyncTransferParameters,
  OnConnection
> = command(
  "HCI_LE_Periodic_Advertising_Sync_Transfer",
  opcodeOf(Ogf.Le, 0x005a),
  { connectionHandle: u16, serviceData: u16, syncHandle: u16 },
  onConnection,
);

/** Parameters of {@link LePeriodicAdvertisingSetInfoTransfer}. */
export interface LePeriodicAdvertisingSetInfoTransferParameters extends OnConnection {
  /** For the peer's host, with a meaning of its own. */
  readonly serviceData: number;
  readonly advertisingHandle: number;
}

/** Tells a peer how to receive the periodic advertising of an own set. Vol 4, Part E, 7.8.90. */
export const LePeriodicAdvertisingSetInfoTransfer: Command<
  LePeriodicAdvertisingSetInfoTransferParameters,
  OnConnection
> = command(
  "HCI_LE_Periodic_Advertising_Set_Info_Transfer",
  opcodeOf(Ogf.Le, 0x005b),
  { connectionHandle: u16, serviceData: u16, advertisingHandle: u8 },
  onConnection,
);

/** What becomes of the periodic advertisers that a peer tells of. */
export interface SyncTransferParameters {
  /** 0 nothing, 1 synchronise without reports, 2 with reports, 3 with reports and duplicate filtering. */
  readonly mode: number;
  /** How many events may be skipped after one was received, 0 to 499. */
  readonly skip: number;
  /** In 10 ms, 0x000a to 0x4000. */
  readonly syncTimeout: number;
  /** Bits 0 to 3: do not synchronise with AoA, AoD 1 µs, AoD 2 µs, type 3; bit 4: not without CTE. */
  readonly cteType: number;
}

/** Parameters of {@link LeSetPeriodicAdvertisingSyncTransferParameters}. */
export interface LeSetPeriodicAdvertisingSyncTransferParametersParameters
  extends OnConnection, SyncTransferParameters {}

/** Says what becomes of the periodic advertisers that one peer tells of. Vol 4, Part E, 7.8.91. */
export const LeSetPeriodicAdvertisingSyncTransferParameters: Command<
  LeSetPeriodicAdvertisingSyncTransferParametersParameters,
  OnConnection
> = command(
  "HCI_LE_Set_Periodic_Advertising_Sync_Transfer_Parameters",
  opcodeOf(Ogf.Le, 0x005c),
  { connectionHandle: u16, mode: u8, skip: u16, syncTimeout: u16, cteType: u8 },
  onConnection,
);

/** Says what becomes of the periodic advertisers that new peers tell of. Vol 4, Part E, 7.8.92. */
export const LeSetDefaultPeriodicAdvertisingSyncTransferParameters: Command<SyncTransferParameters, Nothing> =
  command(
    "HCI_LE_Set_Default_Periodic_Advertising_Sync_Transfer_Parameters",
    opcodeOf(Ogf.Le, 0x005d),
    { mode: u8, skip: u16, syncTimeout: u16, cteType: u8 },
    {},
  );
