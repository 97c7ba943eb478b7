import { i8, u16, u8 } from "../../common/struct.ts";
import { type Event, leEvent } from "../event.ts";

/** Parameters of {@link LePathLossThreshold}. */
export interface LePathLossThresholdParameters {
  readonly connectionHandle: number;
  /** In dB; 0xff when not known. */
  readonly currentPathLoss: number;
  /** 0 low, 1 middle, 2 high. */
  readonly zoneEntered: number;
}

/** The path loss of a connection has entered another zone. Vol 4, Part E, 7.7.65.32. */
export const LePathLossThreshold: Event<LePathLossThresholdParameters> = leEvent(
  "HCI_LE_Path_Loss_Threshold",
  0x20,
  {
    connectionHandle: u16,
    currentPathLoss: u8,
    zoneEntered: u8,
  },
);

/** Parameters of {@link LeTransmitPowerReporting}. */
export interface LeTransmitPowerReportingParameters {
  readonly status: number;
  readonly connectionHandle: number;
  /** 0 this side changed its power, 1 the peer did, 2 LE Read Remote Transmit Power Level is answered. */
  readonly reason: number;
  /** 1 LE 1M, 2 LE 2M, 3 LE Coded with S=8, 4 LE Coded with S=2. */
  readonly phy: number;
  /** In dBm, -127 to 20; 126 the peer does not manage it, 127 not known. */
  readonly txPowerLevel: number;
  /** Bit 0 it is the least, bit 1 the greatest. */
  readonly txPowerLevelFlag: number;
  /** In dB; 127 when not known. */
  readonly delta: number;
}

/** A transmit power has changed, or was read. Vol 4, Part E, 7.7.65.33. */
export const LeTransmitPowerReporting: Event<LeTransmitPowerReportingParameters> = leEvent(
  "HCI_LE_Transmit_Power_Reporting",
  0x21,
  {
    status: u8,
    connectionHandle: u16,
    reason: u8,
    phy: u8,
    txPowerLevel: i8,
    txPowerLevelFlag: u8,
    delta: i8,
  },
);
