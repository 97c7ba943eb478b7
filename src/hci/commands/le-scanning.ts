import { flag, u16, u8 } from "../../common/struct.ts";
import { type Command, command, type Nothing, opcodeOf, Ogf } from "../command.ts";

/** Parameters of {@link LeSetScanParameters}. */
export interface LeSetScanParametersParameters {
  /** 0 passive, 1 active. */
  readonly scanType: number;
  /** In 0.625 ms, 0x0004 to 0x4000. */
  readonly scanInterval: number;
  /** In 0.625 ms, 0x0004 to 0x4000, at most the interval. */
  readonly scanWindow: number;
  /** 0 public, 1 random, 2 resolvable or else public, 3 resolvable or else random. */
  readonly ownAddressType: number;
  /** 0 all, 1 the Filter Accept List, 2 and 3 the same with directed advertising to any resolvable address. */
  readonly scanningFilterPolicy: number;
}

/** Says how to scan; not while scanning. Vol 4, Part E, 7.8.10. */
export const LeSetScanParameters: Command<LeSetScanParametersParameters, Nothing> = command(
  "HCI_LE_Set_Scan_Parameters",
  opcodeOf(Ogf.Le, 0x000b),
  { scanType: u8, scanInterval: u16, scanWindow: u16, ownAddressType: u8, scanningFilterPolicy: u8 },
  {},
);

/** Parameters of {@link LeSetScanEnable}. */
export interface LeSetScanEnableParameters {
  readonly enable: boolean;
  readonly filterDuplicates: boolean;
}

/** Starts or stops scanning. Vol 4, Part E, 7.8.11. */
export const LeSetScanEnable: Command<LeSetScanEnableParameters, Nothing> = command(
  "HCI_LE_Set_Scan_Enable",
  opcodeOf(Ogf.Le, 0x000c),
  { enable: flag, filterDuplicates: flag },
  {},
);
