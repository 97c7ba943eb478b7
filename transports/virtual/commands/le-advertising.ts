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
import { type CommandHandler, completes, nothing, type Refusal, ofSet } from "../command-handler.ts";
import { Property, ofLegacyCommand } from "../advertising-parameters.ts";
import { Operation } from "../fragmented-data.ts";
import { refuseOwnAddressType } from "../own-address-check.ts";

/** Advertising_Type of directed advertising whose interval is fixed. */
const highDutyCycle = 0x01;

/** As much as a legacy PDU carries. Vol 6, Part B, 2.3.1.1. */
const mostData = 31;

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
  return refuseOwnAddressType(chip, parameters.ownAddressType);
}

function refuseEnable({ advertiser, links }: Chip, enable: boolean): Refusal | undefined {
  if (!enable) return undefined;
  if (advertiser.has(Property.Connectable) && links.full) return Status.ConnectionLimitExceeded;
  return advertiser.addressable ? undefined : Status.InvalidHciCommandParameters;
}

/** Legacy advertising. Vol 4, Part E, 7.8.5 to 7.8.9. */
export const leAdvertising: readonly CommandHandler[] = ofSet("legacy", [
  completes(LeSetAdvertisingParameters, (chip, parameters) => {
    const refusal = refuseParameters(chip, parameters);
    if (refusal !== undefined) return refusal;
    chip.advertiser.parameters = ofLegacyCommand(parameters);
    return nothing;
  }),
  completes(LeReadAdvertisingPhysicalChannelTxPower, ({ txPower }) => ({ txPowerLevel: txPower })),
  completes(LeSetAdvertisingData, ({ advertiser }, { advertisingData }) => {
    advertiser.data.take(Operation.Complete, advertisingData, mostData);
    return nothing;
  }),
  completes(LeSetScanResponseData, ({ advertiser }, { scanResponseData }) => {
    advertiser.scanResponse.take(Operation.Complete, scanResponseData, mostData);
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
]);
