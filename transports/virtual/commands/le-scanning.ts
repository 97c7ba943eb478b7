import {
  LeSetScanEnable,
  LeSetScanParameters,
  type LeSetScanParametersParameters,
} from "../../../src/hci/commands/le-scanning.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Chip } from "../chip.ts";
import { type CommandHandler, completes, nothing, type Refusal, ofSet } from "../command-handler.ts";
import { refuseOwnAddressType, refuseUnsetAddress } from "../own-address-check.ts";
import { refuseFilterPolicy } from "../scan-policy-check.ts";
import { isValidScan } from "../scan-timing.ts";

function refuseParameters(chip: Chip, parameters: LeSetScanParametersParameters): Refusal | undefined {
  const { scanType, scanInterval, scanWindow, ownAddressType, scanningFilterPolicy } = parameters;
  if (chip.scanner.enabled) return Status.CommandDisallowed;
  if (scanType > 0x01 || !isValidScan(scanInterval, scanWindow)) return Status.InvalidHciCommandParameters;
  return refuseFilterPolicy(chip, scanningFilterPolicy) ?? refuseOwnAddressType(chip, ownAddressType);
}

function refuseEnable(chip: Chip, enable: boolean): Refusal | undefined {
  return enable ? refuseUnsetAddress(chip, chip.scanner.parameters.ownAddressType) : undefined;
}

/** Legacy scanning. Vol 4, Part E, 7.8.10 and 7.8.11. */
export const leScanning: readonly CommandHandler[] = ofSet("legacy", [
  completes(LeSetScanParameters, (chip, parameters) => {
    const refusal = refuseParameters(chip, parameters);
    if (refusal !== undefined) return refusal;
    const { ownAddressType, scanningFilterPolicy: filterPolicy } = parameters;
    chip.scanner.parameters = { ownAddressType, filterPolicy, phys: [{ phy: 1, ...parameters }] };
    return nothing;
  }),
  completes(LeSetScanEnable, (chip, { enable }) => refuseEnable(chip, enable) ?? nothing, {
    flagsAt: [0, 1],
    then({ scanner }, { enable, filterDuplicates }) {
      scanner.set({ enable, filterDuplicates: filterDuplicates ? 1 : 0, duration: 0, period: 0 });
    },
  }),
]);
