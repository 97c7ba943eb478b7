import { flag, u16, u8 } from "../../common/struct.ts";
import { type Command, command, type Nothing, opcodeOf, Ogf } from "../command.ts";
import { type OnPhy, perPhy } from "./per-phy.ts";

/** How {@link LeSetExtendedScanParameters} scans on one PHY. */
export interface ScanningParameters {
  /** 0 passive, 1 active. */
  readonly scanType: number;
  /** In 0.625 ms, 0x0004 to 0xffff. */
  readonly scanInterval: number;
  /** In 0.625 ms, 0x0004 to 0xffff, at most the interval. */
  readonly scanWindow: number;
}

/** Parameters of {@link LeSetExtendedScanParameters}. */
export interface LeSetExtendedScanParametersParameters {
  /** 0 public, 1 random, 2 resolvable or else public, 3 resolvable or else random. */
  readonly ownAddressType: number;
  /** 0 all, 1 the Filter Accept List, 2 and 3 the same with directed advertising to any resolvable address. */
  readonly scanningFilterPolicy: number;
  /** LE 1M, LE Coded, or both. */
  readonly scanningPhys: readonly OnPhy<ScanningParameters>[];
}

/** Says how to scan, also for extended advertising; not while scanning. Vol 4, Part E, 7.8.64. */
export const LeSetExtendedScanParameters: Command<LeSetExtendedScanParametersParameters, Nothing> = command(
  "HCI_LE_Set_Extended_Scan_Parameters",
  opcodeOf(Ogf.Le, 0x0041),
  {
    ownAddressType: u8,
    scanningFilterPolicy: u8,
    scanningPhys: perPhy<ScanningParameters>({ scanType: u8, scanInterval: u16, scanWindow: u16 }),
  },
  {},
);

/** Parameters of {@link LeSetExtendedScanEnable}. */
export interface LeSetExtendedScanEnableParameters {
  readonly enable: boolean;
  /** 0 off, 1 on, 2 anew in each period. */
  readonly filterDuplicates: number;
  /** In 10 ms; 0 until stopped. */
  readonly duration: number;
  /** In 1.28 s, between the beginnings of two scans; 0 for one scan. */
  readonly period: number;
}

/** Starts or stops scanning, also for extended advertising. Vol 4, Part E, 7.8.65. */
export const LeSetExtendedScanEnable: Command<LeSetExtendedScanEnableParameters, Nothing> = command(
  "HCI_LE_Set_Extended_Scan_Enable",
  opcodeOf(Ogf.Le, 0x0042),
  { enable: flag, filterDuplicates: u8, duration: u16, period: u16 },
  {},
);
