import { bytes, u16, u48, u8 } from "../../common/struct.ts";
import { type Event, leEvent } from "../event.ts";

/** Parameters of {@link LeConnectionComplete}. */
export interface LeConnectionCompleteParameters {
  readonly status: number;
  readonly connectionHandle: number;
  /** 0 central, 1 peripheral. */
  readonly role: number;
  /** 0 public, 1 random, 2 public identity, 3 random (static) identity address (2 and 3 in the enhanced event only). */
  readonly peerAddressType: number;
  readonly peerAddress: number;
  /** In 1.25 ms, 0x0006 to 0x0c80. */
  readonly connectionInterval: number;
  /** In connection events, 0 to 499. */
  readonly peripheralLatency: number;
  /** In 10 ms, 0x000a to 0x0c80. */
  readonly supervisionTimeout: number;
  /** 0 500 ppm, 1 250, 2 150, 3 100, 4 75, 5 50, 6 30, 7 20 ppm; told to a peripheral only. */
  readonly centralClockAccuracy: number;
}

/** A connection has begun, or could not be made. Vol 4, Part E, 7.7.65.1. */
export const LeConnectionComplete: Event<LeConnectionCompleteParameters> = leEvent(
  "HCI_LE_Connection_Complete",
  0x01,
  {
    status: u8,
    connectionHandle: u16,
    role: u8,
    peerAddressType: u8,
    peerAddress: u48,
    connectionInterval: u16,
    peripheralLatency: u16,
    supervisionTimeout: u16,
    centralClockAccuracy: u8,
  },
);

/** Parameters of {@link LeEnhancedConnectionComplete}. */
export interface LeEnhancedConnectionCompleteParameters extends LeConnectionCompleteParameters {
  /** 0 when none is used. */
  readonly localResolvablePrivateAddress: number;
  /** 0 when none is used. */
  readonly peerResolvablePrivateAddress: number;
}

/** A connection has begun, or could not be made; with the private addresses. Vol 4, Part E, 7.7.65.10. */
export const LeEnhancedConnectionComplete: Event<LeEnhancedConnectionCompleteParameters> = leEvent(
  "HCI_LE_Enhanced_Connection_Complete",
  0x0a,
  {
    status: u8,
    connectionHandle: u16,
    role: u8,
    peerAddressType: u8,
    peerAddress: u48,
    localResolvablePrivateAddress: u48,
    peerResolvablePrivateAddress: u48,
    connectionInterval: u16,
    peripheralLatency: u16,
    supervisionTimeout: u16,
    centralClockAccuracy: u8,
  },
);

/** Parameters of {@link LeEnhancedConnectionCompleteV2}. */
export interface LeEnhancedConnectionCompleteV2Parameters extends LeEnhancedConnectionCompleteParameters {
  /** The periodic advertising it came of; 0xff for none. */
  readonly advertisingHandle: number;
  /** The periodic advertising train it came of; 0xffff for none. */
  readonly syncHandle: number;
}

/** The same, also for connections made through periodic advertising with responses. Vol 4, Part E, 7.7.65.10. */
export const LeEnhancedConnectionCompleteV2: Event<LeEnhancedConnectionCompleteV2Parameters> = leEvent(
  "HCI_LE_Enhanced_Connection_Complete [v2]",
  0x29,
  {
    status: u8,
    connectionHandle: u16,
    role: u8,
    peerAddressType: u8,
    peerAddress: u48,
    localResolvablePrivateAddress: u48,
    peerResolvablePrivateAddress: u48,
    connectionInterval: u16,
    peripheralLatency: u16,
    supervisionTimeout: u16,
    centralClockAccuracy: u8,
    advertisingHandle: u8,
    syncHandle: u16,
  },
);

/** Parameters of {@link LeConnectionUpdateComplete}. */
export interface LeConnectionUpdateCompleteParameters {
  readonly status: number;
  readonly connectionHandle: number;
  /** In 1.25 ms, 0x0006 to 0x0c80. */
  readonly connectionInterval: number;
  /** In (subrated) connection events, 0 to 499. */
  readonly peripheralLatency: number;
  /** In 10 ms, 0x000a to 0x0c80. */
  readonly supervisionTimeout: number;
}

/** A connection has other parameters now, or could not get them. Vol 4, Part E, 7.7.65.3. */
export const LeConnectionUpdateComplete: Event<LeConnectionUpdateCompleteParameters> = leEvent(
  "HCI_LE_Connection_Update_Complete",
  0x03,
  {
    status: u8,
    connectionHandle: u16,
    connectionInterval: u16,
    peripheralLatency: u16,
    supervisionTimeout: u16,
  },
);

/** Parameters of {@link LeReadRemoteFeaturesComplete}. */
export interface LeReadRemoteFeaturesCompleteParameters {
  readonly status: number;
  readonly connectionHandle: number;
  /** 8 octets (bits: Vol 6, Part B, 4.6), *borrowed*. */
  readonly features: Uint8Array;
}

/** The peer has told its LE features. Vol 4, Part E, 7.7.65.4. */
export const LeReadRemoteFeaturesComplete: Event<LeReadRemoteFeaturesCompleteParameters> = leEvent(
  "HCI_LE_Read_Remote_Features_Complete",
  0x04,
  { status: u8, connectionHandle: u16, features: bytes(8) },
);

/** Parameters of {@link LeRemoteConnectionParameterRequest}. */
export interface LeRemoteConnectionParameterRequestParameters {
  readonly connectionHandle: number;
  /** In 1.25 ms, 0x0006 to 0x0c80. */
  readonly intervalMin: number;
  /** In 1.25 ms, 0x0006 to 0x0c80. */
  readonly intervalMax: number;
  /** In connection events, 0 to 499. */
  readonly maxLatency: number;
  /** In 10 ms, 0x000a to 0x0c80. */
  readonly timeout: number;
}

/** The peer asks for other parameters of the connection; the host replies to it. Vol 4, Part E, 7.7.65.6. */
export const LeRemoteConnectionParameterRequest: Event<LeRemoteConnectionParameterRequestParameters> =
  leEvent("HCI_LE_Remote_Connection_Parameter_Request", 0x06, {
    connectionHandle: u16,
    intervalMin: u16,
    intervalMax: u16,
    maxLatency: u16,
    timeout: u16,
  });

/** Parameters of {@link LeDataLengthChange}: octets 27 to 251, times in µs, 0x0148 to 0x4290. */
export interface LeDataLengthChangeParameters {
  readonly connectionHandle: number;
  readonly maxTxOctets: number;
  readonly maxTxTime: number;
  readonly maxRxOctets: number;
  readonly maxRxTime: number;
}

/** The packets of a connection may have another length now. Vol 4, Part E, 7.7.65.7. */
export const LeDataLengthChange: Event<LeDataLengthChangeParameters> = leEvent(
  "HCI_LE_Data_Length_Change",
  0x07,
  {
    connectionHandle: u16,
    maxTxOctets: u16,
    maxTxTime: u16,
    maxRxOctets: u16,
    maxRxTime: u16,
  },
);

/** Parameters of {@link LePhyUpdateComplete}: 1 LE 1M, 2 LE 2M, 3 LE Coded. */
export interface LePhyUpdateCompleteParameters {
  readonly status: number;
  readonly connectionHandle: number;
  readonly txPhy: number;
  readonly rxPhy: number;
}

/** A connection has other PHYs now, or this side's wish for them is settled. Vol 4, Part E, 7.7.65.12. */
export const LePhyUpdateComplete: Event<LePhyUpdateCompleteParameters> = leEvent(
  "HCI_LE_PHY_Update_Complete",
  0x0c,
  {
    status: u8,
    connectionHandle: u16,
    txPhy: u8,
    rxPhy: u8,
  },
);

/** Parameters of {@link LeChannelSelectionAlgorithm}. */
export interface LeChannelSelectionAlgorithmParameters {
  readonly connectionHandle: number;
  /** 0 number 1, 1 number 2. */
  readonly channelSelectionAlgorithm: number;
}

/** Which channel selection algorithm a new connection uses. Vol 4, Part E, 7.7.65.20. */
export const LeChannelSelectionAlgorithm: Event<LeChannelSelectionAlgorithmParameters> = leEvent(
  "HCI_LE_Channel_Selection_Algorithm",
  0x14,
  { connectionHandle: u16, channelSelectionAlgorithm: u8 },
);

/** Parameters of {@link LeRequestPeerScaComplete}. */
export interface LeRequestPeerScaCompleteParameters {
  readonly status: number;
  readonly connectionHandle: number;
  /** 0 251 to 500 ppm, 1 to 250, 2 to 150, 3 to 100, 4 to 75, 5 to 50, 6 to 30, 7 to 20 ppm. */
  readonly peerClockAccuracy: number;
}

/** The peer has told the accuracy of its sleep clock. Vol 4, Part E, 7.7.65.31. */
export const LeRequestPeerScaComplete: Event<LeRequestPeerScaCompleteParameters> = leEvent(
  "HCI_LE_Request_Peer_SCA_Complete",
  0x1f,
  { status: u8, connectionHandle: u16, peerClockAccuracy: u8 },
);

/** Parameters of {@link LeSubrateChange}. */
export interface LeSubrateChangeParameters {
  readonly status: number;
  readonly connectionHandle: number;
  /** One connection event of so many is used, 1 to 500. */
  readonly subrateFactor: number;
  /** In subrated connection events, 0 to 499. */
  readonly peripheralLatency: number;
  /** In connection events, 0 to 499. */
  readonly continuationNumber: number;
  /** In 10 ms, 0x000a to 0x0c80. */
  readonly supervisionTimeout: number;
}

/** A connection is subrated otherwise now, or could not be. Vol 4, Part E, 7.7.65.35. */
export const LeSubrateChange: Event<LeSubrateChangeParameters> = leEvent("HCI_LE_Subrate_Change", 0x23, {
  status: u8,
  connectionHandle: u16,
  subrateFactor: u16,
  peripheralLatency: u16,
  continuationNumber: u16,
  supervisionTimeout: u16,
});
