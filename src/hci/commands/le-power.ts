import { flag, i8, u16, u8 } from "../../common/struct.ts";
import { type Command, command, deferredCommand, type Nothing, opcodeOf, Ogf } from "../command.ts";
import { type OnConnection, onConnection } from "./on-connection.ts";

/** Which PHY of a connection is asked about. */
export interface OnConnectionPhy extends OnConnection {
  /** 1 LE 1M, 2 LE 2M, 3 LE Coded with S=8, 4 LE Coded with S=2. */
  readonly phy: number;
}

/** Return parameters of {@link LeEnhancedReadTransmitPowerLevel}. */
export interface LeEnhancedReadTransmitPowerLevelReturns extends OnConnectionPhy {
  /** In dBm, -127 to 20. */
  readonly currentTxPowerLevel: number;
  /** In dBm, -127 to 20. */
  readonly maxTxPowerLevel: number;
}

/** Reads with which power this side transmits on a connection. Vol 4, Part E, 7.8.117. */
export const LeEnhancedReadTransmitPowerLevel: Command<
  OnConnectionPhy,
  LeEnhancedReadTransmitPowerLevelReturns
> = command(
  "HCI_LE_Enhanced_Read_Transmit_Power_Level",
  opcodeOf(Ogf.Le, 0x0076),
  { connectionHandle: u16, phy: u8 },
  { connectionHandle: u16, phy: u8, currentTxPowerLevel: i8, maxTxPowerLevel: i8 },
);

/** Asks with which power the peer transmits; LE Transmit Power Reporting follows. Vol 4, Part E, 7.8.118. */
export const LeReadRemoteTransmitPowerLevel: Command<OnConnectionPhy, Nothing> = deferredCommand(
  "HCI_LE_Read_Remote_Transmit_Power_Level",
  opcodeOf(Ogf.Le, 0x0077),
  { connectionHandle: u16, phy: u8 },
);

/** Parameters of {@link LeSetPathLossReportingParameters}; thresholds and hystereses are in dB. */
export interface LeSetPathLossReportingParametersParameters extends OnConnection {
  /** 0xff for none. */
  readonly highThreshold: number;
  readonly highHysteresis: number;
  readonly lowThreshold: number;
  readonly lowHysteresis: number;
  /** In connection events, before a zone counts as entered. */
  readonly minTimeSpent: number;
}

/** Sets the zones of LE Path Loss Threshold. Vol 4, Part E, 7.8.119. */
export const LeSetPathLossReportingParameters: Command<
  LeSetPathLossReportingParametersParameters,
  OnConnection
> = command(
  "HCI_LE_Set_Path_Loss_Reporting_Parameters",
  opcodeOf(Ogf.Le, 0x0078),
  {
    connectionHandle: u16,
    highThreshold: u8,
    highHysteresis: u8,
    lowThreshold: u8,
    lowHysteresis: u8,
    minTimeSpent: u16,
  },
  onConnection,
);

/** Parameters of {@link LeSetPathLossReportingEnable}. */
export interface LeSetPathLossReportingEnableParameters extends OnConnection {
  readonly enable: boolean;
}

/** Switches LE Path Loss Threshold on or off. Vol 4, Part E, 7.8.120. */
export const LeSetPathLossReportingEnable: Command<LeSetPathLossReportingEnableParameters, OnConnection> =
  command(
    "HCI_LE_Set_Path_Loss_Reporting_Enable",
    opcodeOf(Ogf.Le, 0x0079),
    { connectionHandle: u16, enable: flag },
    onConnection,
  );

/** Parameters of {@link LeSetTransmitPowerReportingEnable}. */
export interface LeSetTransmitPowerReportingEnableParameters extends OnConnection {
  readonly localEnable: boolean;
  readonly remoteEnable: boolean;
}

/** Switches LE Transmit Power Reporting on or off, for either side. Vol 4, Part E, 7.8.121. */
export const LeSetTransmitPowerReportingEnable: Command<
  LeSetTransmitPowerReportingEnableParameters,
  OnConnection
> = command(
  "HCI_LE_Set_Transmit_Power_Reporting_Enable",
  opcodeOf(Ogf.Le, 0x007a),
  { connectionHandle: u16, localEnable: flag, remoteEnable: flag },
  onConnection,
);
