import { type Fields, u16, u48, u8 } from "../../common/struct.ts";
import { type Command, deferredCommand, type Nothing, opcodeOf, Ogf } from "../command.ts";
import { type OnPhy, perPhy } from "./per-phy.ts";

/** How {@link LeExtendedCreateConnection} looks for the peer on one PHY, and with what it connects. */
export interface InitiatingParameters {
  /** In 0.625 ms, 0x0004 to 0xffff. Of no effect on LE 2M. */
  readonly scanInterval: number;
  /** In 0.625 ms, 0x0004 to 0xffff, at most the interval. Of no effect on LE 2M. */
  readonly scanWindow: number;
  /** In 1.25 ms, 0x0006 to 0x0c80. */
  readonly connectionIntervalMin: number;
  /** In 1.25 ms, 0x0006 to 0x0c80. */
  readonly connectionIntervalMax: number;
  /** In connection events, 0 to 499. */
  readonly maxLatency: number;
  /** In 10 ms, 0x000a to 0x0c80. */
  readonly supervisionTimeout: number;
  /** In 0.625 ms; for information. */
  readonly minCeLength: number;
  /** In 0.625 ms; for information. */
  readonly maxCeLength: number;
}

/** Parameters of {@link LeExtendedCreateConnection}. */
export interface LeExtendedCreateConnectionParameters {
  /** 0 the peer named here, 1 any device of the Filter Accept List. */
  readonly initiatorFilterPolicy: number;
  /** 0 public, 1 random, 2 resolvable or else public, 3 resolvable or else random. */
  readonly ownAddressType: number;
  /** 0 public device or identity address, 1 random device or (static) identity address. */
  readonly peerAddressType: number;
  readonly peerAddress: number;
  readonly initiatingPhys: readonly OnPhy<InitiatingParameters>[];
}

const extendedCreateConnection: Fields<LeExtendedCreateConnectionParameters> = {
  initiatorFilterPolicy: u8,
  ownAddressType: u8,
  peerAddressType: u8,
  peerAddress: u48,
  initiatingPhys: perPhy<InitiatingParameters>({
    scanInterval: u16,
    scanWindow: u16,
    connectionIntervalMin: u16,
    connectionIntervalMax: u16,
    maxLatency: u16,
    supervisionTimeout: u16,
    minCeLength: u16,
    maxCeLength: u16,
  }),
};

/** Connects as central, also to extended advertising; LE Enhanced Connection Complete follows. Vol 4, Part E, 7.8.66. */
export const LeExtendedCreateConnection: Command<LeExtendedCreateConnectionParameters, Nothing> =
  deferredCommand("HCI_LE_Extended_Create_Connection", opcodeOf(Ogf.Le, 0x0043), extendedCreateConnection);

/** Parameters of {@link LeExtendedCreateConnectionV2}. */
export interface LeExtendedCreateConnectionV2Parameters extends LeExtendedCreateConnectionParameters {
  /** The own periodic advertising in which to ask; 0xff for none. */
  readonly advertisingHandle: number;
  /** The subevent in which to ask; 0xff for none. */
  readonly subevent: number;
}

/** The same, also with a device that answers to periodic advertising. Vol 4, Part E, 7.8.66. */
export const LeExtendedCreateConnectionV2: Command<LeExtendedCreateConnectionV2Parameters, Nothing> =
  deferredCommand("HCI_LE_Extended_Create_Connection [v2]", opcodeOf(Ogf.Le, 0x0085), {
    advertisingHandle: u8,
    subevent: u8,
    ...extendedCreateConnection,
  });
