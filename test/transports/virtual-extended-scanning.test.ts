import { describe, expect, it } from "vitest";
import { concat } from "../../src/common/bytes.ts";
import { LeSetExtendedAdvertisingData } from "../../src/hci/commands/le-extended-advertising.ts";
import {
  LeSetExtendedScanEnable,
  LeSetExtendedScanParameters,
} from "../../src/hci/commands/le-extended-scanning.ts";
import { LeSetRandomAddress } from "../../src/hci/commands/le-controller.ts";
import { LeAddDeviceToFilterAcceptList } from "../../src/hci/commands/le-filter-accept-list.ts";
import { LeScanTimeout } from "../../src/hci/events/le-advertising.ts";
import { Status } from "../../src/hci/status.ts";
import {
  activeScan,
  disableSets,
  enableSet,
  extendedScan,
  makeSet,
  scanExtended,
  setData,
  takeReports,
} from "../support/raw-extended.ts";
import { RawPair } from "../support/raw-pair.ts";

const octets = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
const data = Uint8Array.of(2, 1, 6);
const response = Uint8Array.of(2, 9, 0x6a);
const onPhy = { phy: 1, scanType: 0, scanInterval: 0x10, scanWindow: 0x10 };

describe("virtual controller: extended scan parameters (Vol 4, Part E, 7.8.64)", () => {
  const bad: [string, Partial<typeof extendedScan>, number][] = [
    ["no PHY", { scanningPhys: [] }, 0x12],
    ["LE 2M", { scanningPhys: [{ ...onPhy, phy: 2 }] }, 0x11],
    ["a PHY that is not there", { scanningPhys: [{ ...onPhy, phy: 4 }] }, 0x11],
    ["a type that is not there", { scanningPhys: [{ ...onPhy, scanType: 2 }] }, 0x12],
    ["a window below 2.5 ms", { scanningPhys: [{ ...onPhy, scanWindow: 3 }] }, 0x12],
    ["a window longer than the interval", { scanningPhys: [{ ...onPhy, scanWindow: 17 }] }, 0x12],
    ["an own address type that is not there", { ownAddressType: 4 }, 0x12],
    ["a filter policy that is not there", { scanningFilterPolicy: 4 }, 0x12],
  ];
  it.each(bad)("refuses %s", (_, changes, status) => {
    const { a } = new RawPair();
    expect(a.host.status(LeSetExtendedScanParameters, { ...extendedScan, ...changes })).toBe(status);
  });

  it("takes intervals up to 40.96 s, and nothing while it scans", () => {
    const { a } = new RawPair();
    const long = { ...extendedScan, scanningPhys: [{ ...onPhy, scanInterval: 0xffff, scanWindow: 0xffff }] };
    a.host.ask(LeSetExtendedScanParameters, long);
    scanExtended(a.host);
    expect(a.host.status(LeSetExtendedScanParameters, long)).toBe(Status.CommandDisallowed);
  });
});

describe("virtual controller: enabling extended scanning (Vol 4, Part E, 7.8.65 and 7.7.65.17)", () => {
  const enable = { enable: true, filterDuplicates: 0, duration: 0, period: 0 };
  const bad: [string, Partial<typeof enable>][] = [
    ["a duplicate filter that is not there", { filterDuplicates: 3 }],
    ["a filter for each period without a period", { filterDuplicates: 2, duration: 10 }],
    ["a filter for each period without a duration", { filterDuplicates: 2, period: 1 }],
    ["a duration as long as the period", { duration: 128, period: 1 }],
  ];
  it.each(bad)("refuses %s", (_, changes) => {
    const { a } = new RawPair();
    expect(a.host.status(LeSetExtendedScanEnable, { ...enable, ...changes })).toBe(0x12);
  });

  it("wants a random address where it is told to use one", () => {
    const { a } = new RawPair();
    a.host.ask(LeSetExtendedScanParameters, { ...extendedScan, ownAddressType: 1 });
    expect(a.host.status(LeSetExtendedScanEnable, enable)).toBe(0x12);
    a.host.ask(LeSetRandomAddress, { randomAddress: 0xc00000000001 });
    expect(a.host.status(LeSetExtendedScanEnable, enable)).toBe(0);
  });

  it("ends with LE Scan Timeout after the duration", () => {
    const { a, b, clock } = new RawPair();
    makeSet(b.host);
    enableSet(b.host);
    scanExtended(a.host, extendedScan, { duration: 100 });
    clock.advanceSync(999);
    expect(takeReports(a.host)).toHaveLength(10);
    expect(a.host.take(LeScanTimeout)).toEqual([]);
    clock.advanceSync(1);
    expect(a.host.take(LeScanTimeout)).toHaveLength(1);
    takeReports(a.host);
    clock.advanceSync(1000);
    expect(takeReports(a.host)).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it("scans again in each period, and with filter 2 reports anew", () => {
    const { a, b, clock } = new RawPair();
    makeSet(b.host);
    enableSet(b.host);
    for (const [filterDuplicates, count] of [
      [1, 1],
      [2, 3],
    ] as const) {
      scanExtended(a.host, extendedScan, { filterDuplicates, duration: 10, period: 1 });
      clock.advanceSync(3 * 1280 - 1);
      expect(takeReports(a.host)).toHaveLength(count);
      expect(a.host.take(LeScanTimeout)).toEqual([]);
      a.host.ask(LeSetExtendedScanEnable, { ...enable, enable: false });
      expect(clock.timers).toBe(0);
    }
  });
});

describe("virtual controller: extended reports (Vol 4, Part E, 7.7.65.13)", () => {
  const legacyKinds: [string, number, number, number | undefined][] = [
    ["ADV_IND", 0x13, 0x13, 0x1b],
    ["ADV_DIRECT_IND", 0x15, 0x15, undefined],
    ["ADV_SCAN_IND", 0x12, 0x12, 0x1a],
    ["ADV_NONCONN_IND", 0x10, 0x10, undefined],
  ];
  it.each(legacyKinds)("reports %s as a legacy PDU", (_, properties, type, responseType) => {
    const { a, b } = new RawPair();
    const isDirected = properties === 0x15;
    const isScannable = (properties & 2) !== 0;
    makeSet(
      b.host,
      { advertisingEventProperties: properties, peerAddress: a.address },
      { ...(isDirected ? {} : { advertising: data }), ...(isScannable ? { response } : {}) },
    );
    enableSet(b.host);
    scanExtended(a.host, activeScan);
    const legacy = {
      addressType: 0,
      address: b.address,
      primaryPhy: 1,
      secondaryPhy: 0,
      advertisingSid: 0xff,
      txPower: 127,
      rssi: -50,
      periodicAdvertisingInterval: 0,
      directAddressType: 0,
      directAddress: isDirected ? a.address : 0,
    };
    const expected = [{ ...legacy, eventType: type, data: isDirected ? octets(0) : data }];
    if (responseType !== undefined) expected.push({ ...legacy, eventType: responseType, data: response });
    expect(takeReports(a.host)).toEqual(expected);
  });

  it("reports extended PDUs with PHYs, SID and TxPower", () => {
    const { a, b } = new RawPair({}, { txPower: -7 });
    const changes = { advertisingEventProperties: 0x41, advertisingSid: 0x0e };
    makeSet(b.host, changes, { advertising: data });
    enableSet(b.host);
    scanExtended(a.host, activeScan);
    expect(takeReports(a.host)).toEqual([
      {
        eventType: 0x01,
        addressType: 0,
        address: b.address,
        primaryPhy: 1,
        secondaryPhy: 1,
        advertisingSid: 0x0e,
        txPower: -7,
        rssi: -50,
        periodicAdvertisingInterval: 0,
        directAddressType: 0,
        directAddress: 0,
        data,
      },
    ]);
  });

  it("reports AUX_SCAN_RSP as scannable scan response, once it has asked", () => {
    const { a, b } = new RawPair();
    makeSet(b.host, { advertisingEventProperties: 0x02 }, { response: octets(600) });
    enableSet(b.host);
    scanExtended(a.host, activeScan);
    const reports = takeReports(a.host);
    expect(reports.map(({ eventType }) => eventType)).toEqual([0x02, 0x2a, 0x2a, 0x0a]);
    expect(concat(...reports.map((report) => report.data))).toEqual(octets(600));
  });

  it("names no address of an anonymous advertiser, and does not filter it", () => {
    const { a, b, clock } = new RawPair();
    makeSet(b.host, { advertisingEventProperties: 0x20 }, { advertising: data });
    enableSet(b.host);
    scanExtended(a.host, extendedScan, { filterDuplicates: 1 });
    clock.advanceSync(100);
    expect(takeReports(a.host)).toMatchObject([
      { eventType: 0, addressType: 0xff, address: 0 },
      { eventType: 0, addressType: 0xff, address: 0 },
    ]);
  });

  it.each([0, 1, 229, 230, 458, 1650])(
    "reports %s octets in pieces of at most 229, all but the last with more to come",
    (length) => {
      const { a, b } = new RawPair();
      makeSet(b.host, {}, { advertising: octets(length) });
      enableSet(b.host);
      scanExtended(a.host);
      const reports = takeReports(a.host);
      expect(reports).toHaveLength(Math.max(1, Math.ceil(length / 229)));
      expect(reports.map(({ eventType }) => eventType)).toEqual([
        ...new Array<number>(reports.length - 1).fill(0x20),
        0x00,
      ]);
      expect(concat(...reports.map((report) => report.data))).toEqual(octets(length));
    },
  );

  it("truncates what its memory does not hold, and says so", () => {
    const { a, b } = new RawPair({ scanDataOctets: 300 }, {});
    makeSet(b.host, {}, { advertising: octets(301) });
    enableSet(b.host);
    scanExtended(a.host);
    expect(takeReports(a.host).map((report) => [report.eventType, report.data.length])).toEqual([
      [0x20, 229],
      [0x40, 71],
    ]);
  });

  it("reports only what is sent on a PHY it scans on", () => {
    const { a, b } = new RawPair();
    makeSet(b.host, { primaryAdvertisingPhy: 3, secondaryAdvertisingPhy: 2 }, { advertising: data });
    enableSet(b.host);
    scanExtended(a.host);
    expect(takeReports(a.host)).toEqual([]);
    a.host.ask(LeSetExtendedScanEnable, { enable: false, filterDuplicates: 0, duration: 0, period: 0 });
    scanExtended(a.host, { ...extendedScan, scanningPhys: [onPhy, { ...onPhy, phy: 3 }] });
    expect(takeReports(a.host)).toMatchObject([{ primaryPhy: 3, secondaryPhy: 2 }]);
  });

  it("tells apart sets, and data by their DID, when it filters duplicates (Vol 6, Part B, 4.4.3.5)", () => {
    const { a, b, clock } = new RawPair();
    makeSet(b.host, {}, { advertising: data });
    makeSet(b.host, { advertisingHandle: 2, advertisingSid: 6 }, { advertising: data });
    enableSet(b.host);
    enableSet(b.host, 2);
    scanExtended(a.host, extendedScan, { filterDuplicates: 1 });
    clock.advanceSync(1000);
    expect(takeReports(a.host).map(({ advertisingSid }) => advertisingSid)).toEqual([5, 6]);
    setData(b.host, 1, response);
    clock.advanceSync(1000);
    expect(takeReports(a.host)).toMatchObject([{ advertisingSid: 5, data: response }]);
    b.host.ask(LeSetExtendedAdvertisingData, {
      advertisingHandle: 2,
      operation: 4,
      fragmentPreference: 0,
      advertisingData: octets(0),
    });
    clock.advanceSync(1000);
    expect(takeReports(a.host)).toMatchObject([{ advertisingSid: 6, data }]);
  });

  it("hears what is directed to it and nothing that is directed to others", () => {
    const { a, b } = new RawPair();
    makeSet(b.host, { advertisingEventProperties: 0x04, peerAddress: a.address }, { advertising: data });
    makeSet(b.host, { advertisingHandle: 2, advertisingEventProperties: 0x04, peerAddress: a.address + 1 });
    enableSet(b.host);
    enableSet(b.host, 2);
    scanExtended(a.host);
    expect(takeReports(a.host)).toMatchObject([
      { eventType: 0x04, directAddressType: 0, directAddress: a.address, data },
    ]);
  });

  it("reports what is directed to a private address it cannot resolve with policies 2 and 3 only", () => {
    const { a, b } = new RawPair();
    const peerAddress = 0x4f0000000001;
    makeSet(b.host, { advertisingEventProperties: 0x15, peerAddressType: 1, peerAddress });
    enableSet(b.host);
    a.host.ask(LeAddDeviceToFilterAcceptList, { addressType: 0, address: b.address });
    for (const [scanningFilterPolicy, count] of [
      [0, 0],
      [1, 0],
      [2, 1],
      [3, 1],
    ] as const) {
      scanExtended(a.host, { ...extendedScan, scanningFilterPolicy });
      const reports = takeReports(a.host);
      expect(reports, `policy ${scanningFilterPolicy}`).toHaveLength(count);
      if (count > 0) expect(reports).toMatchObject([{ directAddressType: 0xfe, directAddress: peerAddress }]);
      a.host.ask(LeSetExtendedScanEnable, { enable: false, filterDuplicates: 0, duration: 0, period: 0 });
    }
  });

  it("hears anonymous advertisers of the Filter Accept List (7.8.16)", () => {
    const { a, b } = new RawPair();
    makeSet(b.host, { advertisingEventProperties: 0x20 }, { advertising: data });
    makeSet(b.host, { advertisingHandle: 2 }, { advertising: data });
    enableSet(b.host);
    enableSet(b.host, 2);
    a.host.ask(LeAddDeviceToFilterAcceptList, { addressType: 0xff, address: 0 });
    scanExtended(a.host, { ...extendedScan, scanningFilterPolicy: 1 });
    expect(takeReports(a.host)).toMatchObject([{ addressType: 0xff }]);
    disableSets(b.host);
  });
});
