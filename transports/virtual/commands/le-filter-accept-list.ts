import {
  type FilterAcceptListEntry,
  LeAddDeviceToFilterAcceptList,
  LeClearFilterAcceptList,
  LeReadFilterAcceptListSize,
  LeRemoveDeviceFromFilterAcceptList,
} from "../../../src/hci/commands/le-filter-accept-list.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Chip } from "../chip.ts";
import { type CommandHandler, completes, nothing, type Refusal } from "../command-handler.ts";
import type { DeviceAddress } from "../device-address.ts";

function refuse(chip: Chip, { addressType }: FilterAcceptListEntry): Refusal | undefined {
  if (chip.acceptListInUse) return Status.CommandDisallowed;
  return addressType > 0x01 && addressType !== 0xff ? Status.InvalidHciCommandParameters : undefined;
}

const deviceOf = ({ addressType, address }: FilterAcceptListEntry): DeviceAddress => ({
  type: addressType,
  value: address,
});

/** The Filter Accept List. Vol 4, Part E, 7.8.14 to 7.8.17. */
export const leFilterAcceptList: readonly CommandHandler[] = [
  completes(LeReadFilterAcceptListSize, ({ acceptList }) => ({ filterAcceptListSize: acceptList.size })),
  completes(LeClearFilterAcceptList, (chip) => {
    if (chip.acceptListInUse) return Status.CommandDisallowed;
    chip.acceptList.clear();
    return nothing;
  }),
  completes(LeAddDeviceToFilterAcceptList, (chip, entry) => {
    const refusal = refuse(chip, entry);
    if (refusal !== undefined) return refusal;
    return chip.acceptList.add(deviceOf(entry)) ? nothing : Status.MemoryCapacityExceeded;
  }),
  completes(LeRemoveDeviceFromFilterAcceptList, (chip, entry) => {
    const refusal = refuse(chip, entry);
    if (refusal !== undefined) return refusal;
    return chip.acceptList.remove(deviceOf(entry)) ? nothing : Status.InvalidHciCommandParameters;
  }),
];
