import {
  LeReadRfPathCompensation,
  LeReadTransmitPower,
  LeWriteRfPathCompensation,
} from "../../../src/hci/commands/le-controller.ts";
import {
  LeEnhancedReadTransmitPowerLevel,
  LeReadRemoteTransmitPowerLevel,
  LeSetPathLossReportingEnable,
  LeSetPathLossReportingParameters,
  type LeSetPathLossReportingParametersParameters,
  LeSetTransmitPowerReportingEnable,
} from "../../../src/hci/commands/le-power.ts";
import { Status } from "../../../src/hci/status.ts";
import {
  type CommandHandler,
  completes,
  completesForLink,
  defersForLink,
  nothing,
} from "../command-handler.ts";
import { txPowerRange } from "../identity.ts";
import { hasFeature, LeFeature } from "../le-feature.ts";
import type { LinkEnd } from "../link-end.ts";
import { LlOpcode } from "../ll-control.ts";
import { readRemotePower } from "../power-control.ts";
import { peerLacks } from "../request.ts";

/** In 0.1 dB, either way. Vol 4, Part E, 7.8.76. */
const mostCompensation = 1280;

/** From LE 1M to LE Coded with S=2. Vol 4, Part E, 7.8.117. */
const isPhy = (phy: number): boolean => phy >= 1 && phy <= 4;

function areZones(parameters: LeSetPathLossReportingParametersParameters): boolean {
  const { highThreshold, highHysteresis, lowThreshold, lowHysteresis } = parameters;
  if (lowThreshold < lowHysteresis || lowThreshold > highThreshold) return false;
  if (lowThreshold + lowHysteresis > highThreshold - highHysteresis) return false;
  // 0xff stands for no high zone, of which the hysteresis says nothing.
  return highThreshold === 0xff || highThreshold + highHysteresis <= 0xff;
}

function peerControlsPower({ peer }: LinkEnd): boolean {
  return hasFeature(peer.chip.features, LeFeature.PowerControlRequest);
}

/** Transmit powers and path loss. Vol 4, Part E, 7.8.74 to 7.8.76 and 7.8.117 to 7.8.121. */
export const lePower: readonly CommandHandler[] = [
  completes(LeReadTransmitPower, () => ({
    minTxPower: txPowerRange.least,
    maxTxPower: txPowerRange.greatest,
  })),
  completes(LeReadRfPathCompensation, ({ rfPath }) => rfPath),
  completes(LeWriteRfPathCompensation, (chip, rfPath) => {
    const { rfTxPathCompensation, rfRxPathCompensation } = rfPath;
    const most = Math.max(Math.abs(rfTxPathCompensation), Math.abs(rfRxPathCompensation));
    if (most > mostCompensation) return Status.InvalidHciCommandParameters;
    chip.rfPath = rfPath;
    return nothing;
  }),
  completesForLink(LeEnhancedReadTransmitPowerLevel, ({ chip }, { phy }) =>
    isPhy(phy)
      ? { phy, currentTxPowerLevel: chip.txPower, maxTxPowerLevel: txPowerRange.greatest }
      : Status.InvalidHciCommandParameters,
  ),
  defersForLink(
    LeReadRemoteTransmitPowerLevel,
    (end, { phy }) => {
      if (!isPhy(phy)) return Status.InvalidHciCommandParameters;
      const isUnknown = peerLacks(end, LlOpcode.PowerControlReq, [LeFeature.PowerControlRequest]);
      return isUnknown ? Status.UnsupportedRemoteFeature : Status.Success;
    },
    {
      then(end, { phy }) {
        readRemotePower(end, phy);
      },
    },
  ),
  completesForLink(LeSetPathLossReportingParameters, ({ power }, parameters) => {
    if (!areZones(parameters)) return Status.InvalidHciCommandParameters;
    power.setZones(parameters);
    return nothing;
  }),
  completesForLink(
    LeSetPathLossReportingEnable,
    ({ power }, { enable }) => (enable && !power.hasZones ? Status.CommandDisallowed : nothing),
    {
      then({ power }, { enable }) {
        power.enable(enable);
      },
    },
  ),
  completesForLink(LeSetTransmitPowerReportingEnable, (end, { localEnable, remoteEnable }) => {
    if (remoteEnable && !peerControlsPower(end)) return Status.UnsupportedRemoteFeature;
    end.power.reportsLocal = localEnable;
    end.power.reportsRemote = remoteEnable;
    return nothing;
  }),
];
