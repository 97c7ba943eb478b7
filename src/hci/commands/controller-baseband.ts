import { counted, flag, group, i8, u16, u64, u8 } from "../../common/struct.ts";
import { type Command, command, type Nothing, opcodeOf, Ogf } from "../command.ts";
import { type OnConnection, onConnection } from "./on-connection.ts";

/** Chooses which events the controller sends, one bit each. Vol 4, Part E, 7.3.1. */
export const SetEventMask: Command<{ readonly eventMask: bigint }, Nothing> = command(
  "HCI_Set_Event_Mask",
  opcodeOf(Ogf.ControllerAndBaseband, 0x0001),
  { eventMask: u64 },
  {},
);

/** Puts the controller into its initial state; every connection is gone without an event. Vol 4, Part E, 7.3.2. */
export const Reset: Command<Nothing, Nothing> = command(
  "HCI_Reset",
  opcodeOf(Ogf.ControllerAndBaseband, 0x0003),
  {},
  {},
);

/** Parameters of {@link ReadTransmitPowerLevel}. */
export interface ReadTransmitPowerLevelParameters {
  readonly connectionHandle: number;
  /** 0 the level now, 1 the greatest. */
  readonly type: number;
}

/** Return parameters of {@link ReadTransmitPowerLevel}. */
export interface ReadTransmitPowerLevelReturns {
  readonly connectionHandle: number;
  /** In dBm, -30 to 20. */
  readonly txPowerLevel: number;
}

/** Reads with which power a connection is transmitted on. Vol 4, Part E, 7.3.35. */
export const ReadTransmitPowerLevel: Command<
  ReadTransmitPowerLevelParameters,
  ReadTransmitPowerLevelReturns
> = command(
  "HCI_Read_Transmit_Power_Level",
  opcodeOf(Ogf.ControllerAndBaseband, 0x002d),
  { connectionHandle: u16, type: u8 },
  { connectionHandle: u16, txPowerLevel: i8 },
);

/** Makes the controller wait for the host's buffers: 0 none, 1 ACL, 2 synchronous, 3 both. Vol 4, Part E, 7.3.38. */
export const SetControllerToHostFlowControl: Command<{ readonly flowControlEnable: number }, Nothing> =
  command(
    "HCI_Set_Controller_To_Host_Flow_Control",
    opcodeOf(Ogf.ControllerAndBaseband, 0x0031),
    { flowControlEnable: u8 },
    {},
  );

/** Parameters of {@link HostBufferSize}. */
export interface HostBufferSizeParameters {
  /** Most octets of data in one HCI ACL Data packet to the host. */
  readonly hostAclDataPacketLength: number;
  /** Most octets of data in one HCI Synchronous Data packet to the host. */
  readonly hostSynchronousDataPacketLength: number;
  /** How many HCI ACL Data packets the host can hold. */
  readonly hostTotalNumAclDataPackets: number;
  /** How many HCI Synchronous Data packets the host can hold. */
  readonly hostTotalNumSynchronousDataPackets: number;
}

/** Tells the controller which data buffers the host has. Vol 4, Part E, 7.3.39. */
export const HostBufferSize: Command<HostBufferSizeParameters, Nothing> = command(
  "HCI_Host_Buffer_Size",
  opcodeOf(Ogf.ControllerAndBaseband, 0x0033),
  {
    hostAclDataPacketLength: u16,
    hostSynchronousDataPacketLength: u8,
    hostTotalNumAclDataPackets: u16,
    hostTotalNumSynchronousDataPackets: u16,
  },
  {},
);

/** What {@link HostNumberOfCompletedPackets} says of one connection. */
export interface HostCompletedPackets {
  readonly connectionHandle: number;
  /** How many packets left the host's buffers since it last told. */
  readonly hostNumCompletedPackets: number;
}

/**
 * Gives buffers of the host back to the controller. Vol 4, Part E, 7.3.40.
 *
 * Takes no part in the flow control of commands, and the controller answers only to refuse it.
 */
export const HostNumberOfCompletedPackets: Command<
  { readonly handles: readonly HostCompletedPackets[] },
  Nothing
> = command(
  "HCI_Host_Number_Of_Completed_Packets",
  opcodeOf(Ogf.ControllerAndBaseband, 0x0035),
  { handles: counted(u8, group({ connectionHandle: u16, hostNumCompletedPackets: u16 })) },
  {},
);

/** Chooses which of the events above those of {@link SetEventMask} the controller sends. Vol 4, Part E, 7.3.69. */
export const SetEventMaskPage2: Command<{ readonly eventMaskPage2: bigint }, Nothing> = command(
  "HCI_Set_Event_Mask_Page_2",
  opcodeOf(Ogf.ControllerAndBaseband, 0x0063),
  { eventMaskPage2: u64 },
  {},
);

/** Whether the host of a BR/EDR/LE controller supports LE. */
export interface LeHostSupport {
  readonly supportedHost: boolean;
  /** Simultaneous_LE_Host of earlier versions, now unused: sent as 0 and ignored. */
  readonly simultaneousHost: number;
}

/** Reads what {@link WriteLeHostSupport} wrote. Vol 4, Part E, 7.3.78. */
export const ReadLeHostSupport: Command<Nothing, LeHostSupport> = command(
  "HCI_Read_LE_Host_Support",
  opcodeOf(Ogf.ControllerAndBaseband, 0x006c),
  {},
  { supportedHost: flag, simultaneousHost: u8 },
);

/** Tells a BR/EDR/LE controller that the host supports LE. Vol 4, Part E, 7.3.79. */
export const WriteLeHostSupport: Command<LeHostSupport, Nothing> = command(
  "HCI_Write_LE_Host_Support",
  opcodeOf(Ogf.ControllerAndBaseband, 0x006d),
  { supportedHost: flag, simultaneousHost: u8 },
  {},
);

/** How long a connection may go without a packet that the Message Integrity Check authenticates. */
export interface AuthenticatedPayloadTimeout {
  readonly connectionHandle: number;
  /** In 10 ms, 1 to 65535; 3000 by default. */
  readonly authenticatedPayloadTimeout: number;
}

/** Reads the time after which Authenticated Payload Timeout Expired comes. Vol 4, Part E, 7.3.93. */
export const ReadAuthenticatedPayloadTimeout: Command<OnConnection, AuthenticatedPayloadTimeout> = command(
  "HCI_Read_Authenticated_Payload_Timeout",
  opcodeOf(Ogf.ControllerAndBaseband, 0x007b),
  onConnection,
  { connectionHandle: u16, authenticatedPayloadTimeout: u16 },
);

/** Sets the time after which Authenticated Payload Timeout Expired comes. Vol 4, Part E, 7.3.94. */
export const WriteAuthenticatedPayloadTimeout: Command<AuthenticatedPayloadTimeout, OnConnection> = command(
  "HCI_Write_Authenticated_Payload_Timeout",
  opcodeOf(Ogf.ControllerAndBaseband, 0x007c),
  { connectionHandle: u16, authenticatedPayloadTimeout: u16 },
  onConnection,
);
