import {
  LeSetExtendedScanEnable,
  type LeSetExtendedScanEnableParameters,
  LeSetExtendedScanParameters,
  type LeSetExtendedScanParametersParameters,
} from "../../../src/hci/commands/le-extended-scanning.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Chip } from "../chip.ts";
import { type CommandHandler, completes, nothing, type Refusal, ofSet } from "../command-handler.ts";
import { refuseOwnAddressType, refuseUnsetAddress } from "../own-address-check.ts";
import { supportsPhy } from "../phy-support.ts";
import { isValidExtendedScan } from "../scan-timing.ts";
import { refuseFilterPolicy } from "../scan-policy-check.ts";
import { FilterDuplicates } from "../scanner.ts";

/** One scans on LE 1M and LE Coded. */
const le2M = 2;

function refuseParameters(
  chip: Chip,
  { ownAddressType, scanningFilterPolicy, scanningPhys }: LeSetExtendedScanParametersParameters,
): Refusal | undefined {
  if (chip.scanner.enabled) return Status.CommandDisallowed;
  if (scanningPhys.some(({ phy }) => phy === le2M || !supportsPhy(chip.features, phy))) {
    return Status.UnsupportedFeatureOrParameterValue;
  }
  const isValid = scanningPhys.every(
    ({ scanType, scanInterval, scanWindow }) =>
      scanType <= 1 && isValidExtendedScan(scanInterval, scanWindow),
  );
  if (scanningPhys.length === 0 || !isValid) return Status.InvalidHciCommandParameters;
  return refuseFilterPolicy(chip, scanningFilterPolicy) ?? refuseOwnAddressType(chip, ownAddressType);
}

function refuseEnable(
  chip: Chip,
  { enable, filterDuplicates, duration, period }: LeSetExtendedScanEnableParameters,
): Refusal | undefined {
  if (!enable) return undefined;
  if (filterDuplicates > FilterDuplicates.EachPeriod) return Status.InvalidHciCommandParameters;
  const isPeriodic = duration > 0 && period > 0;
  if (filterDuplicates === FilterDuplicates.EachPeriod && !isPeriodic)
    return Status.InvalidHciCommandParameters;
  if (isPeriodic && duration * 10 >= period * 1280) return Status.InvalidHciCommandParameters;
  return refuseUnsetAddress(chip, chip.scanner.parameters.ownAddressType);
}

/** Extended scanning. Vol 4, Part E, 7.8.64 and 7.8.65. */
export const leExtendedScanning: readonly CommandHandler[] = ofSet("extended", [
  completes(LeSetExtendedScanParameters, (chip, parameters) => {
    const refusal = refuseParameters(chip, parameters);
    if (refusal !== undefined) return refusal;
    const { ownAddressType, scanningFilterPolicy: filterPolicy, scanningPhys: phys } = parameters;
    chip.scanner.parameters = { ownAddressType, filterPolicy, phys };
    return nothing;
  }),
  completes(LeSetExtendedScanEnable, (chip, parameters) => refuseEnable(chip, parameters) ?? nothing, {
    flagsAt: [0],
    then({ scanner }, parameters) {
      scanner.set(parameters);
    },
  }),
]);
