import { u16, u8 } from "../../common/struct.ts";
import { type Command, deferredCommand, type Nothing, opcodeOf, Ogf } from "../command.ts";
import { type OnConnection, onConnection } from "./on-connection.ts";

/** Parameters of {@link Disconnect}. */
export interface DisconnectParameters {
  readonly connectionHandle: number;
  /** What the peer is told: 0x05, 0x13 to 0x15, 0x1a, 0x29 or 0x3b of `Status`. */
  readonly reason: number;
}

/** Ends a connection; Disconnection Complete follows. Vol 4, Part E, 7.1.6. */
export const Disconnect: Command<DisconnectParameters, Nothing> = deferredCommand(
  "HCI_Disconnect",
  opcodeOf(Ogf.LinkControl, 0x0006),
  { connectionHandle: u16, reason: u8 },
);

/** Asks which version the peer has; Read Remote Version Information Complete follows. Vol 4, Part E, 7.1.23. */
export const ReadRemoteVersionInformation: Command<OnConnection, Nothing> = deferredCommand(
  "HCI_Read_Remote_Version_Information",
  opcodeOf(Ogf.LinkControl, 0x001d),
  onConnection,
);
