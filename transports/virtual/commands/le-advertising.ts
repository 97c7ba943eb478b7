import {
  LeReadAdvertisingPhysicalChannelTxPower,
  LeSetAdvertisingData,
  LeSetAdvertisingEnable,
  LeSetAdvertisingParameters,
  type LeSetAdvertisingParametersParameters,
  LeSetScanResponseData,
} from "../../../src/hci/commands/le-advertising.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Chip } from "../chip.ts";
import { type CommandHandler, completes, nothing, type Refusal } from "../command-handler.ts";
import { txPower } from "../identity.ts";
import { refuseOwnAddressType, refuseUnsetAddress } from "../own-address-check.ts";

/** Advertising_Type of directed advertising whose interval is fixed. */
const highDutyCycle = 0x01;

function isInRange(parameters: LeSetAdvertisingParametersParameters): boolean {
  const { advertisingType, peerAddressType, advertisingChannelMap, advertisingFilterPolicy } = parameters;
  if (advertisingType > 0x04 || peerAddressType > 0x01 || advertisingFilterPolicy > 0x03) return false;
  if (advertisingChannelMap === 0 || advertisingChannelMap > 0x07) return false;
  if (advertisingType === highDutyCycle) return true;
  const { advertisingIntervalMin: min, advertisingIntervalMax: max } = parameters;
  return min >= 0x0020 && min <= max && max <= 0x4000;
}

function refuseParameters(chip: Chip, parameters: LeSetAdvertisingParametersParameters): Refusal | undefined {
  if (chip.advertiser.enabled) return Status.CommandDisallowed;
  if (!isInRange(parameters)) return Status.InvalidHciCommandParameters;
  return refuseOwnAddressType(parameters.ownAddressType);
}

function refuseEnable({ advertiser, links }: Chip, enable: boolean): Refusal | undefined {
  if (!enable) return undefined;
  if (advertiser.kind.connectable && links.full) return Status.ConnectionLimitExceeded;
  return refuseUnsetAddress(advertiser.chip, advertiser.parameters.ownAddressType);
}

/** Legacy advertising. Vol 4, Part E, 7.8.5 to 7.8.9. */
export const leAdvertising: readonly CommandHandler[] = [
  completes(LeSetAdvertisingParameters, (chip, parameters) => {
    const refusal = refuseParameters(chip, parameters);
    if (refusal !== undefined) return refusal;
    chip.advertiser.parameters = parameters;
    return nothing;
  }),
  completes(LeReadAdvertisingPhysicalChannelTxPower, () => ({ txPowerLevel: txPower })),
  completes(LeSetAdvertisingData, ({ advertiser }, { advertisingData }) => {
    advertiser.data = advertisingData.slice();
    return nothing;
  }),
  completes(LeSetScanResponseData, ({ advertiser }, { scanResponseData }) => {
    advertiser.scanResponse = scanResponseData.slice();
    return nothing;
  }),
  completes(
    LeSetAdvertisingEnable,
    (chip, { advertisingEnable }) => refuseEnable(chip, advertisingEnable) ?? nothing,
    {
      flagsAt: [0],
      then({ advertiser }, { advertisingEnable }) {
        if (advertisingEnable) advertiser.enable();
        else advertiser.disable();
      },
    },
  ),
];
