import { checkOptions, type OptionKinds } from "../common/options.ts";
import { requireWhole, requireWholeIfGiven } from "../common/whole-number.ts";
import type { LeSetPathLossReportingParametersParameters } from "../hci/commands/le-power.ts";
import type {
  LePathLossThresholdParameters,
  LeTransmitPowerReportingParameters,
} from "../hci/events/le-power.ts";
import { levelOf, type Phy } from "./scan-report.ts";

/** Whose transmit power is to be told of when it changes. */
export interface TxPowerReporting {
  /** This side's. Default false. */
  readonly local?: boolean;
  /** The peer's, whose controller has to manage its power. Default false. */
  readonly remote?: boolean;
}

/** A transmit power that has changed. Vol 4, Part E, 7.7.65.33. */
export interface TxPowerChange {
  readonly side: "local" | "remote";
  /** It holds for this PHY. */
  readonly phy: Phy;
  /** In dBm; `undefined` when it is not known, or the peer does not manage it. */
  readonly txPower: number | undefined;
  /** By how many dB it has changed; `undefined` when it is not known. */
  readonly change: number | undefined;
  /** Whether it can be no less. */
  readonly least: boolean;
  /** Whether it can be no more. */
  readonly most: boolean;
}

/** The zones of path loss that are told apart, in dB. Vol 4, Part E, 7.8.119, and Vol 6, Part B, 4.5.16. */
export interface PathLossZones {
  /** What is up to here is low, 0 to 254. */
  readonly low: number;
  /** What is from here on is high, 0 to 254; without it nothing is. */
  readonly high?: number;
  /** By how much more it has to change to leave the low or the high zone, or to get there. Default 0. */
  readonly lowHysteresis?: number;
  readonly highHysteresis?: number;
  /** For how many connection events it has to stay in a zone before that counts, 0 to 65,535. Default 10. */
  readonly minEvents?: number;
}

/** The path loss has entered another zone. Vol 4, Part E, 7.7.65.32. */
export interface PathLossChange {
  readonly zone: "low" | "middle" | "high";
  /** In dB; `undefined` when it is not known. */
  readonly pathLoss: number | undefined;
}

/** Reasons of LE Transmit Power Reporting. Vol 4, Part E, 7.7.65.33. */
const Reason = { LocalChanged: 0, Answer: 2 } as const;
const zones = ["low", "middle", "high"] as const;
const noHighZone = 0xff;
const mostLoss = 254;
const lossUnknown = 0xff;
/** The peer does not manage its power on that PHY. Vol 4, Part E, 7.7.65.33. */
const unmanaged = 126;
const zoneKinds: OptionKinds = {
  low: "number",
  high: "number",
  lowHysteresis: "number",
  highHysteresis: "number",
  minEvents: "number",
};
const isLeast = 1;
const isMost = 2;

/** Whether the event answers LE Read Remote Transmit Power Level; others tell of a change. */
export function isAnswer({ reason }: LeTransmitPowerReportingParameters): boolean {
  return reason === Reason.Answer;
}

/** What the event tells of a change. */
export function txPowerChange(event: LeTransmitPowerReportingParameters): TxPowerChange {
  return {
    side: event.reason === Reason.LocalChanged ? "local" : "remote",
    phy: phyOf(event.phy),
    txPower: remoteLevel(event.txPowerLevel),
    change: levelOf(event.delta),
    least: (event.txPowerLevelFlag & isLeast) !== 0,
    most: (event.txPowerLevelFlag & isMost) !== 0,
  };
}

/** In dBm; `undefined` when it is not known, or the peer does not manage it. */
export function remoteLevel(txPowerLevel: number): number | undefined {
  return txPowerLevel === unmanaged ? undefined : levelOf(txPowerLevel);
}

/** What the event tells. */
export function pathLossChange(event: LePathLossThresholdParameters): PathLossChange {
  const { zoneEntered, currentPathLoss } = event;
  return {
    zone: zones[zoneEntered] ?? "middle",
    pathLoss: currentPathLoss === lossUnknown ? undefined : currentPathLoss,
  };
}

/** @throws {@link TypeError} There is no such option, or it is of another kind. */
export function checkTxPowerReporting(reporting: TxPowerReporting): void {
  checkOptions("reportTxPower", reporting, { local: "boolean", remote: "boolean" }, "{ remote: true }");
}

/**
 * The zones as the controller takes them.
 *
 * @throws {@link RangeError} A number is out of its range, or the zones do not leave each other room.
 * @throws {@link TypeError} There is no such option, or it is of another kind.
 */
export function pathLossParameters(
  connectionHandle: number,
  options: PathLossZones,
): LeSetPathLossReportingParametersParameters {
  checkOptions("monitorPathLoss", options, zoneKinds, "{ low: 50, high: 70 }");
  const { low, high, lowHysteresis = 0, highHysteresis = 0, minEvents = 10 } = options;
  requireWhole("low", low, 0, mostLoss);
  requireWhole("lowHysteresis", lowHysteresis, 0, low);
  requireWholeIfGiven("high", high, low, mostLoss);
  requireWhole("highHysteresis", highHysteresis, 0, high === undefined ? mostLoss : mostLoss - high);
  requireWhole("minEvents", minEvents, 0, 0xffff);
  if (low + lowHysteresis > (high ?? noHighZone) - (high === undefined ? 0 : highHysteresis)) {
    throw new RangeError(
      `lowHysteresis: with low ${low} and ${lowHysteresis} dB more there is no room below the high zone`,
    );
  }
  return {
    connectionHandle,
    highThreshold: high ?? noHighZone,
    highHysteresis: high === undefined ? 0 : highHysteresis,
    lowThreshold: low,
    lowHysteresis,
    minTimeSpent: minEvents,
  };
}

/** 1 LE 1M, 2 LE 2M, 3 and 4 LE Coded. */
function phyOf(number: number): Phy {
  if (number === 1) return "1M";
  return number === 2 ? "2M" : "coded";
}
