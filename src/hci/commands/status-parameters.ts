import { i8, u16 } from "../../common/struct.ts";
import { type Command, command, opcodeOf, Ogf } from "../command.ts";
import { type OnConnection, onConnection } from "./on-connection.ts";

/** Return parameters of {@link ReadRssi}. */
export interface ReadRssiReturns {
  readonly connectionHandle: number;
  /** In dBm, -127 to 20; 127 when it cannot be read. */
  readonly rssi: number;
}

/** Reads the strength with which the peer is received. Vol 4, Part E, 7.5.4. */
export const ReadRssi: Command<OnConnection, ReadRssiReturns> = command(
  "HCI_Read_RSSI",
  opcodeOf(Ogf.StatusParameters, 0x0005),
  onConnection,
  { connectionHandle: u16, rssi: i8 },
);
