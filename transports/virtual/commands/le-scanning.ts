import {
  LeSetScanEnable,
  LeSetScanParameters,
  type LeSetScanParametersParameters,
} from "../../../src/hci/commands/le-scanning.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Chip } from "../chip.ts";
import { type CommandHandler, completes, nothing, type Refusal } from "../command-handler.ts";
import { refuseOwnAddressType, refuseUnsetAddress } from "../own-address-check.ts";
import { isValidScan } from "../scan-timing.ts";

function refuseParameters({ scanner }: Chip, parameters: LeSetScanParametersParameters): Refusal | undefined {
  const { scanType, scanInterval, scanWindow, ownAddressType, scanningFilterPolicy } = parameters;
  if (scanner.enabled) return Status.CommandDisallowed;
  if (scanType > 0x01 || scanningFilterPolicy > 0x03 || !isValidScan(scanInterval, scanWindow)) {
    return Status.InvalidHciCommandParameters;
  }
  // Policies 2 and 3 are those of the Extended Scanner Filter Policies feature.
  if (scanningFilterPolicy > 0x01) return Status.UnsupportedFeatureOrParameterValue;
  return refuseOwnAddressType(ownAddressType);
}

function refuseEnable(chip: Chip, enable: boolean): Refusal | undefined {
  return enable ? refuseUnsetAddress(chip, chip.scanner.parameters.ownAddressType) : undefined;
}

/** Legacy scanning. Vol 4, Part E, 7.8.10 and 7.8.11. */
export const leScanning: readonly CommandHandler[] = [
  completes(LeSetScanParameters, (chip, parameters) => {
    const refusal = refuseParameters(chip, parameters);
    if (refusal !== undefined) return refusal;
    chip.scanner.parameters = parameters;
    return nothing;
  }),
  completes(LeSetScanEnable, (chip, { enable }) => refuseEnable(chip, enable) ?? nothing, {
    flagsAt: [0, 1],
    then({ scanner }, parameters) {
      scanner.set(parameters);
    },
  }),
];
