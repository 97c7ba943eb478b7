import {
  LeClearAdvertisingSets,
  LeReadMaximumAdvertisingDataLength,
  LeReadNumberOfSupportedAdvertisingSets,
  LeRemoveAdvertisingSet,
  LeSetAdvertisingSetRandomAddress,
  LeSetDataRelatedAddressChanges,
  LeSetExtendedAdvertisingData,
  LeSetExtendedAdvertisingEnable,
  LeSetExtendedAdvertisingParameters,
  type LeSetExtendedAdvertisingParametersParameters,
  LeSetExtendedAdvertisingParametersV2,
  type LeSetExtendedAdvertisingParametersV2Parameters,
  LeSetExtendedScanResponseData,
} from "../../../src/hci/commands/le-extended-advertising.ts";
import type { SelectedTxPower } from "../../../src/hci/commands/le-extended-advertising.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Advertiser } from "../advertiser.ts";
import { ofExtendedCommand, Property } from "../advertising-parameters.ts";
import {
  refuseAdvertisingData,
  refuseAdvertisingParameters,
  refuseParametersOfSet,
  refuseScanResponseData,
} from "../advertising-set-check.ts";
import type { Chip } from "../chip.ts";
import { type CommandHandler, completes, nothing, type Refusal, ofSet } from "../command-handler.ts";
import { Operation } from "../fragmented-data.ts";
import { refuseSets } from "../advertising-enable-check.ts";

function setParameters(
  chip: Chip,
  parameters: LeSetExtendedAdvertisingParametersParameters,
): SelectedTxPower | Refusal {
  const refusal = refuseAdvertisingParameters(chip, parameters);
  if (refusal !== undefined) return refusal;
  const existing = chip.advertisingSets.get(parameters.advertisingHandle);
  const refusalOfSet = existing && refuseParametersOfSet(existing, parameters);
  if (refusalOfSet !== undefined) return refusalOfSet;
  const set = chip.advertisingSets.make(parameters.advertisingHandle);
  if (!set) return Status.MemoryCapacityExceeded;
  set.parameters = ofExtendedCommand(parameters);
  return { selectedTxPower: chip.txPower };
}

/** The coding of LE Coded: 0 no preference, 1 and 2 preferred, 3 and 4 required. */
function isCodingValid(parameters: LeSetExtendedAdvertisingParametersV2Parameters): boolean {
  return parameters.primaryAdvertisingPhyOptions <= 4 && parameters.secondaryAdvertisingPhyOptions <= 4;
}

/** Carries out a command about one set, if there is such a set. */
function onSet<P extends { readonly advertisingHandle: number }, R>(
  handle: (set: Advertiser, parameters: P, chip: Chip) => R | Refusal,
): (chip: Chip, parameters: P) => R | Refusal {
  return (chip, parameters) => {
    const set = chip.advertisingSets.get(parameters.advertisingHandle);
    return set ? handle(set, parameters, chip) : Status.UnknownAdvertisingIdentifier;
  };
}

/** Extended advertising. Vol 4, Part E, 7.8.52 to 7.8.60 and 7.8.122. */
export const leExtendedAdvertising: readonly CommandHandler[] = ofSet("extended", [
  completes(
    LeSetAdvertisingSetRandomAddress,
    onSet((set, { randomAddress }) => {
      if (set.enabled && set.has(Property.Connectable)) return Status.CommandDisallowed;
      set.randomAddress = randomAddress;
      return nothing;
    }),
  ),
  completes(LeSetExtendedAdvertisingParameters, setParameters, { flagsAt: [24] }),
  completes(
    LeSetExtendedAdvertisingParametersV2,
    (chip, parameters) =>
      isCodingValid(parameters) ? setParameters(chip, parameters) : Status.InvalidHciCommandParameters,
    { flagsAt: [24] },
  ),
  completes(
    LeSetExtendedAdvertisingData,
    onSet((set, parameters) => {
      const refusal = refuseAdvertisingData(set, parameters);
      if (refusal !== undefined) return refusal;
      set.dataChanged(parameters.operation === Operation.Unchanged ? 0 : 0b01);
      const { advertisingDataOctets } = set.chip.settings;
      return (
        set.data.take(parameters.operation, parameters.advertisingData, advertisingDataOctets) ?? nothing
      );
    }),
  ),
  completes(
    LeSetExtendedScanResponseData,
    onSet((set, parameters) => {
      const refusal = refuseScanResponseData(set, parameters);
      if (refusal !== undefined) return refusal;
      set.dataChanged(0b10);
      const { advertisingDataOctets } = set.chip.settings;
      const { operation, scanResponseData } = parameters;
      return set.scanResponse.take(operation, scanResponseData, advertisingDataOctets) ?? nothing;
    }),
  ),
  completes(
    LeSetExtendedAdvertisingEnable,
    (chip, { enable, sets }) => refuseSets(chip, enable, sets) ?? nothing,
    {
      flagsAt: [0],
      then({ advertisingSets }, { enable, sets }) {
        if (sets.length === 0) for (const set of advertisingSets.all()) set.disable();
        for (const { advertisingHandle, duration, maxExtendedAdvertisingEvents: maxEvents } of sets) {
          const set = advertisingSets.get(advertisingHandle);
          if (enable) set?.enable({ duration, maxEvents });
          else set?.disable();
        }
      },
    },
  ),
  completes(LeReadMaximumAdvertisingDataLength, ({ settings }) => ({
    maxAdvertisingDataLength: settings.advertisingDataOctets,
  })),
  completes(LeReadNumberOfSupportedAdvertisingSets, ({ settings }) => ({
    numSupportedAdvertisingSets: settings.advertisingSets,
  })),
  completes(
    LeRemoveAdvertisingSet,
    onSet(({ enabled, periodic }, { advertisingHandle }, { advertisingSets }) => {
      if (enabled || periodic.enabled) return Status.CommandDisallowed;
      advertisingSets.remove(advertisingHandle);
      return nothing;
    }),
  ),
  completes(LeClearAdvertisingSets, ({ advertisingSets }) => {
    if (advertisingSets.some(({ enabled, periodic }) => enabled || periodic.enabled)) {
      return Status.CommandDisallowed;
    }
    advertisingSets.clear();
    return nothing;
  }),
  completes(
    LeSetDataRelatedAddressChanges,
    onSet((set, { changeReasons }) => {
      if (changeReasons > 0b11) return Status.InvalidHciCommandParameters;
      set.changeReasons = changeReasons;
      return nothing;
    }),
  ),
]);
