import type {
  LeSetExtendedAdvertisingDataParameters,
  LeSetExtendedAdvertisingParametersParameters,
  LeSetExtendedScanResponseDataParameters,
} from "../../src/hci/commands/le-extended-advertising.ts";
import { Status } from "../../src/hci/status.ts";
import type { Advertiser } from "./advertiser.ts";
import { allowedLegacyProperties, Property } from "./advertising-parameters.ts";
import type { Chip } from "./chip.ts";
import type { Refusal } from "./command-handler.ts";
import { Operation } from "./fragmented-data.ts";
import { refuseOwnAddressType } from "./own-address-check.ts";
import { supportsPhy } from "./phy-support.ts";

const lastHandle = 0xef;
const lastProperty = 0x7f;
const lastSid = 0x0f;

/** As much as a legacy PDU carries. Vol 6, Part B, 2.3.1.1. */
const mostLegacyData = 31;

/** As much as one of the commands carries. Vol 4, Part E, 7.8.54. */
const mostPiece = 251;

/** Host_No_Preference. Vol 4, Part E, 7.8.53. */
const anyPower = 127;

type Parameters = LeSetExtendedAdvertisingParametersParameters;

/** Which combinations of properties there are. Vol 4, Part E, 7.8.53. */
function areValidProperties({
  advertisingEventProperties: properties,
  primaryAdvertisingPhy,
}: Parameters): boolean {
  if (properties > lastProperty) return false;
  const { Connectable, Scannable, HighDutyCycle, LegacyPdus, Anonymous } = Property;
  if ((properties & LegacyPdus) !== 0) {
    return allowedLegacyProperties.has(properties) && primaryAdvertisingPhy === 1;
  }
  if ((properties & HighDutyCycle) !== 0) return false;
  const answers = properties & (Connectable | Scannable);
  return answers !== (Connectable | Scannable) && (answers === 0 || (properties & Anonymous) === 0);
}

function isValidPrimary(parameters: Parameters): boolean {
  const {
    primaryAdvertisingIntervalMin: min,
    primaryAdvertisingIntervalMax: max,
    primaryAdvertisingChannelMap: channelMap,
    primaryAdvertisingPhy: phy,
  } = parameters;
  return min >= 0x20 && min <= max && channelMap >= 1 && channelMap <= 7 && (phy === 1 || phy === 3);
}

function isInRange(parameters: Parameters): boolean {
  const {
    advertisingHandle,
    peerAddressType,
    advertisingFilterPolicy,
    advertisingTxPower: power,
  } = parameters;
  if (advertisingHandle > lastHandle || peerAddressType > 1 || advertisingFilterPolicy > 3) return false;
  return power >= -127 && (power <= 20 || power === anyPower) && isValidPrimary(parameters);
}

/** What legacy PDUs do not have is of no meaning for them. */
function isValidSecondary({ secondaryAdvertisingPhy: phy, advertisingSid }: Parameters): boolean {
  return phy >= 1 && phy <= 3 && advertisingSid <= lastSid;
}

/** What is wrong with the parameters whatever the set is. Vol 4, Part E, 7.8.53. */
export function refuseAdvertisingParameters(chip: Chip, parameters: Parameters): Refusal | undefined {
  if (!isInRange(parameters) || !areValidProperties(parameters)) return Status.InvalidHciCommandParameters;
  const isLegacy = (parameters.advertisingEventProperties & Property.LegacyPdus) !== 0;
  if (!isLegacy && !isValidSecondary(parameters)) return Status.InvalidHciCommandParameters;
  const phys = isLegacy ? [] : [parameters.primaryAdvertisingPhy, parameters.secondaryAdvertisingPhy];
  if (!phys.every((phy) => supportsPhy(chip.features, phy))) return Status.UnsupportedFeatureOrParameterValue;
  return refuseOwnAddressType(chip, parameters.ownAddressType);
}

/** What is wrong with them for a set that exists. Vol 4, Part E, 7.8.53. */
export function refuseParametersOfSet(set: Advertiser, parameters: Parameters): Refusal | undefined {
  if (set.enabled) return Status.CommandDisallowed;
  const properties = parameters.advertisingEventProperties;
  const { Connectable, Scannable, Directed, LegacyPdus, Anonymous } = Property;
  const isLegacy = (properties & LegacyPdus) !== 0;
  const takesData = (properties & (isLegacy ? Directed : Scannable)) === 0;
  if (!fits(set.data.value, takesData, isLegacy)) return Status.InvalidHciCommandParameters;
  if (!fits(set.scanResponse.value, (properties & Scannable) !== 0, isLegacy)) {
    return Status.InvalidHciCommandParameters;
  }
  if (!set.periodic.enabled) return undefined;
  if ((properties & (Connectable | Scannable | LegacyPdus | Anonymous)) !== 0) {
    return Status.InvalidHciCommandParameters;
  }
  // The train cannot change its PHY.
  const isSamePhy = parameters.secondaryAdvertisingPhy === set.parameters.secondaryPhy;
  return isSamePhy ? undefined : Status.CommandDisallowed;
}

function fits(data: Uint8Array, allowed: boolean, isLegacy: boolean): boolean {
  return data.length === 0 || (allowed && !(isLegacy && data.length > mostLegacyData));
}

/** What is wrong with a piece of data; its order is that of 7.8.54. */
function refusePiece(
  set: Advertiser,
  operation: number,
  fragmentPreference: number,
  piece: Uint8Array,
): Refusal | undefined {
  if (fragmentPreference > 1 || piece.length > mostPiece) return Status.InvalidHciCommandParameters;
  const isWhole = operation === Operation.Complete;
  if (set.legacy && (!isWhole || piece.length > mostLegacyData)) return Status.InvalidHciCommandParameters;
  if (isWhole || operation === Operation.Unchanged) return undefined;
  if (piece.length === 0) return Status.InvalidHciCommandParameters;
  return set.enabled ? Status.CommandDisallowed : undefined;
}

/** What is wrong with advertising data. Vol 4, Part E, 7.8.54. */
export function refuseAdvertisingData(
  set: Advertiser,
  { operation, fragmentPreference, advertisingData }: LeSetExtendedAdvertisingDataParameters,
): Refusal | undefined {
  if (operation > Operation.Unchanged || !set.takesData) return Status.InvalidHciCommandParameters;
  if (operation === Operation.Unchanged) {
    const isPossible = set.enabled && set.data.value.length > 0 && advertisingData.length === 0;
    if (!isPossible) return Status.InvalidHciCommandParameters;
  }
  const refusal = refusePiece(set, operation, fragmentPreference, advertisingData);
  if (refusal !== undefined) return refusal;
  const isTooLong = set.enabled && advertisingData.length > mostData(set);
  return isTooLong ? Status.PacketTooLong : undefined;
}

/** What is wrong with scan response data. Vol 4, Part E, 7.8.55. */
export function refuseScanResponseData(
  set: Advertiser,
  { operation, fragmentPreference, scanResponseData }: LeSetExtendedScanResponseDataParameters,
): Refusal | undefined {
  if (operation > Operation.Complete) return Status.InvalidHciCommandParameters;
  const isScannable = set.has(Property.Scannable);
  if (!isScannable && scanResponseData.length > 0) return Status.InvalidHciCommandParameters;
  const refusal = refusePiece(set, operation, fragmentPreference, scanResponseData);
  if (refusal !== undefined) return refusal;
  // Nobody scans for nothing.
  const isMissing = set.enabled && isScannable && !set.legacy && scanResponseData.length === 0;
  return isMissing ? Status.CommandDisallowed : undefined;
}

/** Connectable advertisements are not chained: what does not fit into AUX_ADV_IND is too long. Vol 6, Part B, 2.3.1.6. */
export function mostData(set: Advertiser): number {
  if (set.legacy || !set.has(Property.Connectable)) return set.chip.settings.advertisingDataOctets;
  // Of the 254 octets behind the length of the extended header: its flags, AdvA and ADI, TargetA, TxPower.
  const target = set.has(Property.Directed) ? 6 : 0;
  return 254 - 1 - 6 - 2 - target - (set.has(Property.IncludeTxPower) ? 1 : 0);
}
