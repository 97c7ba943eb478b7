import type { AdvertisingReport, ExtendedAdvertisingReport } from "../hci/events/le-advertising.ts";

/** A PHY that advertising can be received on. Vol 6, Part B, 4.6. */
export type Phy = "1M" | "2M" | "coded";

/** Whether a report carries all the data that its advertiser sent. Vol 4, Part E, 7.7.65.13. */
export type Completeness = "complete" | "more" | "truncated";

/** What a controller reports of one advertising packet or a part of one, in either way of reporting. */
export interface ScanReport {
  /** 0 public, 1 random, 2 public identity, 3 random (static) identity; `anonymous` when there is none. */
  readonly addressType: number;
  readonly address: number;
  readonly connectable: boolean;
  readonly scannable: boolean;
  readonly directed: boolean;
  readonly isScanResponse: boolean;
  /** Whether it was sent in the packets that every controller understands. */
  readonly legacy: boolean;
  readonly completeness: Completeness;
  readonly primaryPhy: Phy;
  /** `undefined` when all of it was on the primary channels. */
  readonly secondaryPhy: Phy | undefined;
  /** The advertising set, 0 to 15; `undefined` for legacy advertising. */
  readonly sid: number | undefined;
  /** In dBm; `undefined` when not known. */
  readonly txPower: number | undefined;
  /** In dBm; `undefined` when not known. */
  readonly rssi: number | undefined;
  /** Between the packets of the periodic advertising that belongs to it, in ms; `undefined` when there is none. */
  readonly periodicIntervalMs: number | undefined;
  /** *Borrowed* until the turn ends. */
  readonly data: Uint8Array;
}

/** The Address_Type of advertising without an address. Vol 4, Part E, 7.7.65.13. */
export const anonymous = 0xff;

/** Event types of a legacy report. Vol 4, Part E, 7.7.65.2. */
const LegacyType = { Connectable: 0, Directed: 1, Scannable: 2, NonConnectable: 3, ScanResponse: 4 } as const;

/** Bits of an extended report's event type. Vol 4, Part E, 7.7.65.13. */
const TypeBit = { Connectable: 1, Scannable: 2, Directed: 4, ScanResponse: 8, Legacy: 16 } as const;
const completenessShift = 5;
const completenesses: readonly Completeness[] = ["complete", "more", "truncated", "truncated"];

const phys: readonly (Phy | undefined)[] = [undefined, "1M", "2M", "coded"];
const levelUnknown = 127;
const noSid = 0xff;
const periodicUnitMs = 1.25;

/** Reads a report of LE Advertising Report. Vol 4, Part E, 7.7.65.2. */
export function fromLegacy(report: AdvertisingReport): ScanReport {
  const { eventType } = report;
  return {
    addressType: report.addressType,
    address: report.address,
    connectable: eventType === LegacyType.Connectable || eventType === LegacyType.Directed,
    scannable: eventType === LegacyType.Connectable || eventType === LegacyType.Scannable,
    directed: eventType === LegacyType.Directed,
    isScanResponse: eventType === LegacyType.ScanResponse,
    legacy: true,
    completeness: "complete",
    primaryPhy: "1M",
    secondaryPhy: undefined,
    sid: undefined,
    txPower: undefined,
    rssi: levelOf(report.rssi),
    periodicIntervalMs: undefined,
    data: report.data,
  };
}

/** Reads a report of LE Extended Advertising Report. Vol 4, Part E, 7.7.65.13. */
export function fromExtended(report: ExtendedAdvertisingReport): ScanReport {
  const { eventType } = report;
  const interval = report.periodicAdvertisingInterval;
  return {
    addressType: report.addressType,
    address: report.address,
    connectable: (eventType & TypeBit.Connectable) !== 0,
    scannable: (eventType & TypeBit.Scannable) !== 0,
    directed: (eventType & TypeBit.Directed) !== 0,
    isScanResponse: (eventType & TypeBit.ScanResponse) !== 0,
    legacy: (eventType & TypeBit.Legacy) !== 0,
    completeness: completenesses[(eventType >> completenessShift) & 0b11] ?? "truncated",
    primaryPhy: phyFrom(report.primaryPhy) ?? "1M",
    secondaryPhy: phyFrom(report.secondaryPhy),
    sid: report.advertisingSid === noSid ? undefined : report.advertisingSid,
    txPower: levelOf(report.txPower),
    rssi: levelOf(report.rssi),
    periodicIntervalMs: interval === 0 ? undefined : interval * periodicUnitMs,
    data: report.data,
  };
}

/** The PHY of a number in an event; `undefined` for none. Vol 4, Part E, 7.7.65.13. */
export function phyFrom(number: number): Phy | undefined {
  return phys[number];
}

/** A level in dBm; `undefined` where the controller does not know it. */
export function levelOf(dbm: number): number | undefined {
  return dbm === levelUnknown ? undefined : dbm;
}
