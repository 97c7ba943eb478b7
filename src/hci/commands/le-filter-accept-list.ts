import { u48, u8 } from "../../common/struct.ts";
import { type Command, command, type Nothing, opcodeOf, Ogf } from "../command.ts";

/** One entry of the Filter Accept List. */
export interface FilterAcceptListEntry {
  /** 0 public, 1 random, 0xff anonymous advertisements, whatever the address. */
  readonly addressType: number;
  readonly address: number;
}

/** Reads how many entries the Filter Accept List can hold. Vol 4, Part E, 7.8.14. */
export const LeReadFilterAcceptListSize: Command<Nothing, { readonly filterAcceptListSize: number }> =
  command("HCI_LE_Read_Filter_Accept_List_Size", opcodeOf(Ogf.Le, 0x000f), {}, { filterAcceptListSize: u8 });

/** Empties the Filter Accept List; not while it is in use. Vol 4, Part E, 7.8.15. */
export const LeClearFilterAcceptList: Command<Nothing, Nothing> = command(
  "HCI_LE_Clear_Filter_Accept_List",
  opcodeOf(Ogf.Le, 0x0010),
  {},
  {},
);

/** Adds a device to the Filter Accept List; not while it is in use. Vol 4, Part E, 7.8.16. */
export const LeAddDeviceToFilterAcceptList: Command<FilterAcceptListEntry, Nothing> = command(
  "HCI_LE_Add_Device_To_Filter_Accept_List",
  opcodeOf(Ogf.Le, 0x0011),
  { addressType: u8, address: u48 },
  {},
);

/** Removes a device from the Filter Accept List; not while it is in use. Vol 4, Part E, 7.8.17. */
export const LeRemoveDeviceFromFilterAcceptList: Command<FilterAcceptListEntry, Nothing> = command(
  "HCI_LE_Remove_Device_From_Filter_Accept_List",
  opcodeOf(Ogf.Le, 0x0012),
  { addressType: u8, address: u48 },
  {},
);
