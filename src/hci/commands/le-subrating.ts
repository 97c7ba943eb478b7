import { u16 } from "../../common/struct.ts";
import { type Command, command, deferredCommand, type Nothing, opcodeOf, Ogf } from "../command.ts";
import { type OnConnection, onConnection } from "./on-connection.ts";

/** How connections may be subrated. */
export interface SubrateParameters {
  /** 1 to 500. */
  readonly subrateMin: number;
  /** 1 to 500. */
  readonly subrateMax: number;
  /** In subrated connection events, 0 to 499. */
  readonly maxLatency: number;
  /** In connection events, 0 to 499. */
  readonly continuationNumber: number;
  /** In 10 ms, 0x000a to 0x0c80. */
  readonly supervisionTimeout: number;
}

/** Says what a central grants when peripherals of new connections ask for subrating. Vol 4, Part E, 7.8.123. */
export const LeSetDefaultSubrate: Command<SubrateParameters, Nothing> = command(
  "HCI_LE_Set_Default_Subrate",
  opcodeOf(Ogf.Le, 0x007d),
  { subrateMin: u16, subrateMax: u16, maxLatency: u16, continuationNumber: u16, supervisionTimeout: u16 },
  {},
);

/** Parameters of {@link LeSubrateRequest}. */
export interface LeSubrateRequestParameters extends OnConnection, SubrateParameters {}

/** Asks for subrating of a connection; LE Subrate Change follows. Vol 4, Part E, 7.8.124. */
export const LeSubrateRequest: Command<LeSubrateRequestParameters, Nothing> = deferredCommand(
  "HCI_LE_Subrate_Request",
  opcodeOf(Ogf.Le, 0x007e),
  {
    ...onConnection,
    subrateMin: u16,
    subrateMax: u16,
    maxLatency: u16,
    continuationNumber: u16,
    supervisionTimeout: u16,
  },
);
