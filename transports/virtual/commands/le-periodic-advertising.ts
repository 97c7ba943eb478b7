import {
  LeSetPeriodicAdvertisingData,
  type LeSetPeriodicAdvertisingDataParameters,
  LeSetPeriodicAdvertisingEnable,
  LeSetPeriodicAdvertisingParameters,
  type LeSetPeriodicAdvertisingParametersParameters,
} from "../../../src/hci/commands/le-periodic-advertising.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Advertiser } from "../advertiser.ts";
import { Property } from "../advertising-parameters.ts";
import { type CommandHandler, completes, nothing, type Refusal, ofSet } from "../command-handler.ts";
import { Operation } from "../fragmented-data.ts";
import { hasFeature, LeFeature } from "../le-feature.ts";
import type { Phy } from "../phy.ts";
import { trainTime } from "../train-time.ts";

/** As much as one of the commands carries. Vol 4, Part E, 7.8.62. */
const mostPiece = 252;

/** Periodic_Advertising_Properties: bit 6 TxPower; the others are reserved. Vol 4, Part E, 7.8.61. */
const includeTxPower = 0x40;

/** Bits of Enable. Vol 4, Part E, 7.8.63. */
const Bit = { Enable: 0b01, IncludeAdi: 0b10 } as const;

/** Such sets have no periodic advertising. Vol 4, Part E, 7.8.61. */
const unfit = Property.Connectable | Property.Scannable | Property.LegacyPdus | Property.Anonymous;

/** Of intervals, in ms. */
const slot = 1.25;

/** Chooses the interval for the data that there is now; false if it fits into none. Vol 4, Part E, 7.8.61 to 7.8.63. */
function chooseInterval({ periodic, parameters: { secondaryPhy } }: Advertiser): boolean {
  const { parameters, data, running } = periodic;
  if (!parameters) return true;
  const { intervalMin, intervalMax, interval } = parameters;
  const needed = Math.ceil(trainTime(secondaryPhy as Phy, data.value.length) / slot);
  // A train that is on the air keeps its interval.
  if (needed > (running ? interval : intervalMax)) return false;
  if (!running) periodic.parameters = { ...parameters, interval: Math.max(intervalMin, needed) };
  return true;
}

function refuseParameters(
  set: Advertiser,
  parameters: LeSetPeriodicAdvertisingParametersParameters,
): Refusal | undefined {
  const {
    periodicAdvertisingIntervalMin: min,
    periodicAdvertisingIntervalMax: max,
    periodicAdvertisingProperties: properties,
  } = parameters;
  if (min < 0x0006 || min > max || (properties & ~includeTxPower) !== 0 || set.has(unfit)) {
    return Status.InvalidHciCommandParameters;
  }
  return set.periodic.enabled ? Status.CommandDisallowed : undefined;
}

function refuseData(
  { periodic: { parameters, enabled, data } }: Advertiser,
  { operation, advertisingData }: LeSetPeriodicAdvertisingDataParameters,
): Refusal | undefined {
  if (operation > Operation.Unchanged || advertisingData.length > mostPiece) {
    return Status.InvalidHciCommandParameters;
  }
  if (!parameters) return Status.CommandDisallowed;
  if (operation === Operation.Unchanged) {
    const isPossible = enabled && data.value.length > 0 && advertisingData.length === 0;
    return isPossible ? undefined : Status.InvalidHciCommandParameters;
  }
  if (operation === Operation.Complete) return undefined;
  if (advertisingData.length === 0) return Status.InvalidHciCommandParameters;
  return enabled ? Status.CommandDisallowed : undefined;
}

function refuseEnable({ periodic, chip }: Advertiser, enable: number): Refusal | undefined {
  if (enable > (Bit.Enable | Bit.IncludeAdi)) return Status.InvalidHciCommandParameters;
  if ((enable & Bit.Enable) === 0) return undefined;
  if ((enable & Bit.IncludeAdi) !== 0 && !hasFeature(chip.features, LeFeature.PeriodicAdvertisingAdi)) {
    return Status.UnsupportedFeatureOrParameterValue;
  }
  return periodic.parameters && !periodic.data.partial ? undefined : Status.CommandDisallowed;
}

/** Periodic advertising, without responses. Vol 4, Part E, 7.8.61 to 7.8.63. */
export const lePeriodicAdvertising: readonly CommandHandler[] = ofSet("extended", [
  completes(LeSetPeriodicAdvertisingParameters, ({ advertisingSets }, parameters) => {
    const set = advertisingSets.get(parameters.advertisingHandle);
    if (!set) return Status.UnknownAdvertisingIdentifier;
    const refusal = refuseParameters(set, parameters);
    if (refusal !== undefined) return refusal;
    const { periodicAdvertisingIntervalMin: intervalMin, periodicAdvertisingIntervalMax: intervalMax } =
      parameters;
    const before = set.periodic.parameters;
    set.periodic.parameters = {
      interval: intervalMin,
      intervalMin,
      intervalMax,
      includesTxPower: (parameters.periodicAdvertisingProperties & includeTxPower) !== 0,
    };
    if (chooseInterval(set)) return nothing;
    set.periodic.parameters = before;
    return Status.PacketTooLong;
  }),
  completes(LeSetPeriodicAdvertisingData, ({ advertisingSets, settings }, parameters) => {
    const set = advertisingSets.get(parameters.advertisingHandle);
    if (!set) return Status.UnknownAdvertisingIdentifier;
    const refusal = refuseData(set, parameters);
    if (refusal !== undefined) return refusal;
    const { operation, advertisingData } = parameters;
    const { data } = set.periodic;
    set.periodic.dataChanged();
    const tooMuch = data.take(operation, advertisingData, settings.advertisingDataOctets);
    if (tooMuch !== undefined) return tooMuch;
    if (chooseInterval(set)) return nothing;
    data.clear();
    return Status.PacketTooLong;
  }),
  completes(LeSetPeriodicAdvertisingEnable, ({ advertisingSets }, { advertisingHandle, enable }) => {
    const set = advertisingSets.get(advertisingHandle);
    if (!set) return Status.UnknownAdvertisingIdentifier;
    const refusal = refuseEnable(set, enable);
    if (refusal !== undefined) return refusal;
    if ((enable & Bit.Enable) !== 0 && !chooseInterval(set)) return Status.PacketTooLong;
    set.periodic.enabled = (enable & Bit.Enable) !== 0;
    set.periodic.includesAdi = (enable & Bit.IncludeAdi) !== 0;
    set.periodic.update();
    return nothing;
  }),
]);
