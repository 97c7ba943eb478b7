import { bytes, u16, u48, u8 } from "../../common/struct.ts";
import { type Command, command, deferredCommand, type Nothing, opcodeOf, Ogf } from "../command.ts";
import { type OnConnection, onConnection } from "./on-connection.ts";

/** Parameters of {@link LeCreateConnection}. */
export interface LeCreateConnectionParameters {
  /** In 0.625 ms, 0x0004 to 0x4000. */
  readonly scanInterval: number;
  /** In 0.625 ms, 0x0004 to 0x4000, at most the interval. */
  readonly scanWindow: number;
  /** 0 the peer named here, 1 any device of the Filter Accept List. */
  readonly initiatorFilterPolicy: number;
  /** 0 public, 1 random, 2 public identity, 3 random (static) identity address. */
  readonly peerAddressType: number;
  readonly peerAddress: number;
  /** 0 public, 1 random, 2 resolvable or else public, 3 resolvable or else random. */
  readonly ownAddressType: number;
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

/** Connects as central; LE Connection Complete or LE Enhanced Connection Complete follows. Vol 4, Part E, 7.8.12. */
export const LeCreateConnection: Command<LeCreateConnectionParameters, Nothing> = deferredCommand(
  "HCI_LE_Create_Connection",
  opcodeOf(Ogf.Le, 0x000d),
  {
    scanInterval: u16,
    scanWindow: u16,
    initiatorFilterPolicy: u8,
    peerAddressType: u8,
    peerAddress: u48,
    ownAddressType: u8,
    connectionIntervalMin: u16,
    connectionIntervalMax: u16,
    maxLatency: u16,
    supervisionTimeout: u16,
    minCeLength: u16,
    maxCeLength: u16,
  },
);

/**
 * Gives up a connection being created. The event that was due comes all the same, with Unknown Connection Identifier,
 * or with a connection that was quicker. Vol 4, Part E, 7.8.13.
 */
export const LeCreateConnectionCancel: Command<Nothing, Nothing> = command(
  "HCI_LE_Create_Connection_Cancel",
  opcodeOf(Ogf.Le, 0x000e),
  {},
  {},
);

/** Parameters of {@link LeConnectionUpdate}. */
export interface LeConnectionUpdateParameters {
  readonly connectionHandle: number;
  /** In 1.25 ms, 0x0006 to 0x0c80. */
  readonly connectionIntervalMin: number;
  /** In 1.25 ms, 0x0006 to 0x0c80. */
  readonly connectionIntervalMax: number;
  /** In (subrated) connection events, 0 to 499. */
  readonly maxLatency: number;
  /** In 10 ms, 0x000a to 0x0c80. */
  readonly supervisionTimeout: number;
  /** In 0.625 ms; for information. */
  readonly minCeLength: number;
  /** In 0.625 ms; for information. */
  readonly maxCeLength: number;
}

/** Changes the parameters of a connection; LE Connection Update Complete follows. Vol 4, Part E, 7.8.18. */
export const LeConnectionUpdate: Command<LeConnectionUpdateParameters, Nothing> = deferredCommand(
  "HCI_LE_Connection_Update",
  opcodeOf(Ogf.Le, 0x0013),
  {
    connectionHandle: u16,
    connectionIntervalMin: u16,
    connectionIntervalMax: u16,
    maxLatency: u16,
    supervisionTimeout: u16,
    minCeLength: u16,
    maxCeLength: u16,
  },
);

/** Marks channels as bad: bit n of the 5 octets is 0 for data channel n. Vol 4, Part E, 7.8.19. */
export const LeSetHostChannelClassification: Command<{ readonly channelMap: Uint8Array }, Nothing> = command(
  "HCI_LE_Set_Host_Channel_Classification",
  opcodeOf(Ogf.Le, 0x0014),
  { channelMap: bytes(5) },
  {},
);

/** Return parameters of {@link LeReadChannelMap}. */
export interface LeReadChannelMapReturns {
  readonly connectionHandle: number;
  /** 5 octets; bit n is 1 for data channel n in use. */
  readonly channelMap: Uint8Array;
}

/** Reads which channels a connection uses. Vol 4, Part E, 7.8.20. */
export const LeReadChannelMap: Command<OnConnection, LeReadChannelMapReturns> = command(
  "HCI_LE_Read_Channel_Map",
  opcodeOf(Ogf.Le, 0x0015),
  onConnection,
  { connectionHandle: u16, channelMap: bytes(5) },
);

/** Asks for the peer's LE features; LE Read Remote Features Complete follows. Vol 4, Part E, 7.8.21. */
export const LeReadRemoteFeatures: Command<OnConnection, Nothing> = deferredCommand(
  "HCI_LE_Read_Remote_Features",
  opcodeOf(Ogf.Le, 0x0016),
  onConnection,
);

/** Parameters of {@link LeRemoteConnectionParameterRequestReply}. */
export interface LeRemoteConnectionParameterRequestReplyParameters {
  readonly connectionHandle: number;
  /** In 1.25 ms, 0x0006 to 0x0c80. */
  readonly intervalMin: number;
  /** In 1.25 ms, 0x0006 to 0x0c80. */
  readonly intervalMax: number;
  /** In connection events, 0 to 499. */
  readonly maxLatency: number;
  /** In 10 ms, 0x000a to 0x0c80. */
  readonly timeout: number;
  /** In 0.625 ms; for information. */
  readonly minCeLength: number;
  /** In 0.625 ms; for information. */
  readonly maxCeLength: number;
}

/** Accepts the request of LE Remote Connection Parameter Request. Vol 4, Part E, 7.8.31. */
export const LeRemoteConnectionParameterRequestReply: Command<
  LeRemoteConnectionParameterRequestReplyParameters,
  OnConnection
> = command(
  "HCI_LE_Remote_Connection_Parameter_Request_Reply",
  opcodeOf(Ogf.Le, 0x0020),
  {
    connectionHandle: u16,
    intervalMin: u16,
    intervalMax: u16,
    maxLatency: u16,
    timeout: u16,
    minCeLength: u16,
    maxCeLength: u16,
  },
  onConnection,
);

/** Parameters of {@link LeRemoteConnectionParameterRequestNegativeReply}. */
export interface LeRemoteConnectionParameterRequestNegativeReplyParameters {
  readonly connectionHandle: number;
  /** A `Status`, such as Unacceptable Connection Parameters. */
  readonly reason: number;
}

/** Refuses the request of LE Remote Connection Parameter Request. Vol 4, Part E, 7.8.32. */
export const LeRemoteConnectionParameterRequestNegativeReply: Command<
  LeRemoteConnectionParameterRequestNegativeReplyParameters,
  OnConnection
> = command(
  "HCI_LE_Remote_Connection_Parameter_Request_Negative_Reply",
  opcodeOf(Ogf.Le, 0x0021),
  { connectionHandle: u16, reason: u8 },
  onConnection,
);

/** Parameters of {@link LeSetDataLength}. */
export interface LeSetDataLengthParameters {
  readonly connectionHandle: number;
  /** Octets of payload in one Data Physical Channel PDU, 27 to 251. */
  readonly txOctets: number;
  /** In µs, 0x0148 to 0x4290. */
  readonly txTime: number;
}

/** Suggests how long the packets of a connection may be. Vol 4, Part E, 7.8.33. */
export const LeSetDataLength: Command<LeSetDataLengthParameters, OnConnection> = command(
  "HCI_LE_Set_Data_Length",
  opcodeOf(Ogf.Le, 0x0022),
  { connectionHandle: u16, txOctets: u16, txTime: u16 },
  onConnection,
);

/** How long the packets of new connections may be. */
export interface SuggestedDefaultDataLength {
  /** Octets of payload in one Data Physical Channel PDU, 27 to 251. */
  readonly suggestedMaxTxOctets: number;
  /** In µs, 0x0148 to 0x4290. */
  readonly suggestedMaxTxTime: number;
}

/** Reads how long the packets of new connections may be. Vol 4, Part E, 7.8.34. */
export const LeReadSuggestedDefaultDataLength: Command<Nothing, SuggestedDefaultDataLength> = command(
  "HCI_LE_Read_Suggested_Default_Data_Length",
  opcodeOf(Ogf.Le, 0x0023),
  {},
  { suggestedMaxTxOctets: u16, suggestedMaxTxTime: u16 },
);

/** Suggests how long the packets of new connections may be. Vol 4, Part E, 7.8.35. */
export const LeWriteSuggestedDefaultDataLength: Command<SuggestedDefaultDataLength, Nothing> = command(
  "HCI_LE_Write_Suggested_Default_Data_Length",
  opcodeOf(Ogf.Le, 0x0024),
  { suggestedMaxTxOctets: u16, suggestedMaxTxTime: u16 },
  {},
);

/** Return parameters of {@link LeReadMaximumDataLength}: octets 27 to 251, times in µs. */
export interface LeReadMaximumDataLengthReturns {
  readonly supportedMaxTxOctets: number;
  readonly supportedMaxTxTime: number;
  readonly supportedMaxRxOctets: number;
  readonly supportedMaxRxTime: number;
}

/** Reads how long packets the controller supports. Vol 4, Part E, 7.8.46. */
export const LeReadMaximumDataLength: Command<Nothing, LeReadMaximumDataLengthReturns> = command(
  "HCI_LE_Read_Maximum_Data_Length",
  opcodeOf(Ogf.Le, 0x002f),
  {},
  { supportedMaxTxOctets: u16, supportedMaxTxTime: u16, supportedMaxRxOctets: u16, supportedMaxRxTime: u16 },
);

/** Return parameters of {@link LeReadPhy}: 1 LE 1M, 2 LE 2M, 3 LE Coded. */
export interface LeReadPhyReturns {
  readonly connectionHandle: number;
  readonly txPhy: number;
  readonly rxPhy: number;
}

/** Reads the PHYs of a connection. Vol 4, Part E, 7.8.47. */
export const LeReadPhy: Command<OnConnection, LeReadPhyReturns> = command(
  "HCI_LE_Read_PHY",
  opcodeOf(Ogf.Le, 0x0030),
  onConnection,
  { connectionHandle: u16, txPhy: u8, rxPhy: u8 },
);

/** Parameters of {@link LeSetDefaultPhy}. */
export interface LeSetDefaultPhyParameters {
  /** Bit 0: any for transmitting will do; bit 1: any for receiving. */
  readonly allPhys: number;
  /** Bit 0 LE 1M, bit 1 LE 2M, bit 2 LE Coded. */
  readonly txPhys: number;
  /** As `txPhys`. */
  readonly rxPhys: number;
}

/** Chooses the PHYs of new connections. Vol 4, Part E, 7.8.48. */
export const LeSetDefaultPhy: Command<LeSetDefaultPhyParameters, Nothing> = command(
  "HCI_LE_Set_Default_PHY",
  opcodeOf(Ogf.Le, 0x0031),
  { allPhys: u8, txPhys: u8, rxPhys: u8 },
  {},
);

/** Parameters of {@link LeSetPhy}. */
export interface LeSetPhyParameters extends LeSetDefaultPhyParameters {
  readonly connectionHandle: number;
  /** On LE Coded: 0 no preference, 1 S=2, 2 S=8 coding preferred. */
  readonly phyOptions: number;
}

/** Asks for other PHYs of a connection; LE PHY Update Complete follows. Vol 4, Part E, 7.8.49. */
export const LeSetPhy: Command<LeSetPhyParameters, Nothing> = deferredCommand(
  "HCI_LE_Set_PHY",
  opcodeOf(Ogf.Le, 0x0032),
  { connectionHandle: u16, allPhys: u8, txPhys: u8, rxPhys: u8, phyOptions: u16 },
);

/** Asks how accurate the peer's sleep clock is; LE Request Peer SCA Complete follows. Vol 4, Part E, 7.8.108. */
export const LeRequestPeerSca: Command<OnConnection, Nothing> = deferredCommand(
  "HCI_LE_Request_Peer_SCA",
  opcodeOf(Ogf.Le, 0x006d),
  onConnection,
);
