import { describe, expect, it } from "vitest";
import { toHex } from "../../src/common/bytes.ts";
import {
  LeReadAdvertisingPhysicalChannelTxPower,
  LeSetAdvertisingData,
  LeSetAdvertisingEnable,
  LeSetAdvertisingParameters,
  LeSetScanResponseData,
} from "../../src/hci/commands/le-advertising.ts";
import { LeSetRandomAddress } from "../../src/hci/commands/le-controller.ts";
import { LeAddDeviceToFilterAcceptList } from "../../src/hci/commands/le-filter-accept-list.ts";
import { LeSetScanEnable, LeSetScanParameters } from "../../src/hci/commands/le-scanning.ts";
import { LeAdvertisingReport } from "../../src/hci/events/le-advertising.ts";
import { LeConnectionComplete } from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import { leFeatures } from "../../transports/virtual/identity.ts";
import { LeFeature, setFeature } from "../../transports/virtual/le-feature.ts";
import { advertising, RawPair, type RawStation } from "../support/raw-pair.ts";

const scanning = {
  scanType: 1,
  scanInterval: 16,
  scanWindow: 16,
  ownAddressType: 0,
  scanningFilterPolicy: 0,
};

function advertise({ host }: RawStation, changes: Partial<typeof advertising> = {}): void {
  host.ask(LeSetAdvertisingData, { advertisingData: Uint8Array.of(2, 1, 6) });
  host.ask(LeSetScanResponseData, { scanResponseData: Uint8Array.of(2, 9, 0x6a) });
  host.ask(LeSetAdvertisingParameters, { ...advertising, ...changes });
  host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
}

function scan({ host }: RawStation, changes: Partial<typeof scanning> = {}, filterDuplicates = true): void {
  host.ask(LeSetScanParameters, { ...scanning, ...changes });
  host.ask(LeSetScanEnable, { enable: true, filterDuplicates });
}

/** Event type, sender and data of each report so far. */
function reports({ host }: RawStation): string[] {
  return host
    .take(LeAdvertisingReport)
    .flatMap((event) => event.reports)
    .map(
      (report) =>
        `${report.eventType} ${report.address.toString(16)}/${report.addressType} ${toHex(report.data)}`,
    );
}

describe("virtual controller: advertising (Vol 4, Part E, 7.8.5 to 7.8.9)", () => {
  const bad: [string, Partial<typeof advertising>, number][] = [
    ["an interval below 20 ms", { advertisingIntervalMin: 0x1f }, 0x12],
    ["an interval above 10.24 s", { advertisingIntervalMax: 0x4001 }, 0x12],
    ["an interval from more to less", { advertisingIntervalMin: 0xa1 }, 0x12],
    ["a type that is not there", { advertisingType: 5 }, 0x12],
    ["an own address type that is not there", { ownAddressType: 4 }, 0x12],
    ["a peer address type that is not there", { peerAddressType: 2 }, 0x12],
    ["no channel", { advertisingChannelMap: 0 }, 0x12],
    ["a fourth channel", { advertisingChannelMap: 8 }, 0x12],
    ["a filter policy that is not there", { advertisingFilterPolicy: 4 }, 0x12],
  ];
  it.each(bad)("refuses %s", (_, changes, status) => {
    const { a } = new RawPair();
    expect(a.host.status(LeSetAdvertisingParameters, { ...advertising, ...changes })).toBe(status);
  });

  it("refuses resolvable addresses without a resolving list (7.8.5)", () => {
    const { a } = new RawPair({ resolvingListSize: 0 });
    expect(a.host.status(LeSetAdvertisingParameters, { ...advertising, ownAddressType: 2 })).toBe(0x11);
  });

  it("takes any interval for high duty cycle directed advertising", () => {
    const { a } = new RawPair();
    const parameters = {
      ...advertising,
      advertisingType: 1,
      advertisingIntervalMin: 0,
      advertisingIntervalMax: 0,
    };
    expect(a.host.status(LeSetAdvertisingParameters, parameters)).toBe(0);
  });

  it("does not change parameters while it advertises", () => {
    const { a } = new RawPair();
    advertise(a);
    expect(a.host.status(LeSetAdvertisingParameters, advertising)).toBe(Status.CommandDisallowed);
    a.host.ask(LeSetAdvertisingEnable, { advertisingEnable: false });
    a.host.ask(LeSetAdvertisingEnable, { advertisingEnable: false });
    expect(a.host.status(LeSetAdvertisingParameters, advertising)).toBe(0);
  });

  it("does not advertise with a random address before there is one", () => {
    const { a } = new RawPair();
    a.host.ask(LeSetAdvertisingParameters, { ...advertising, ownAddressType: 1 });
    expect(a.host.status(LeSetAdvertisingEnable, { advertisingEnable: true })).toBe(0x12);
    a.host.ask(LeSetRandomAddress, { randomAddress: 0xc00000000001 });
    expect(a.host.status(LeSetAdvertisingEnable, { advertisingEnable: true })).toBe(0);
  });

  it("does not advertise connectably when it has all the connections it can", () => {
    const pair = new RawPair({ connections: 1 });
    pair.connect();
    expect(pair.b.host.status(LeSetAdvertisingEnable, { advertisingEnable: true })).toBe(
      Status.ConnectionLimitExceeded,
    );
    pair.b.host.ask(LeSetAdvertisingParameters, { ...advertising, advertisingType: 3 });
    expect(pair.b.host.status(LeSetAdvertisingEnable, { advertisingEnable: true })).toBe(0);
  });

  it("knows its power (7.8.6)", () => {
    expect(new RawPair().a.host.ask(LeReadAdvertisingPhysicalChannelTxPower, {})).toEqual({
      txPowerLevel: 0,
    });
  });

  it("ends high duty cycle directed advertising after 1.28 s (Vol 6, Part B, 4.4.2.4.3)", () => {
    const { a, b, clock } = new RawPair();
    a.host.ask(LeSetAdvertisingParameters, { ...advertising, advertisingType: 1, peerAddress: b.address });
    a.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    clock.advanceSync(1279);
    expect(a.host.take(LeConnectionComplete)).toEqual([]);
    clock.advanceSync(1);
    expect(a.host.takeOne(LeConnectionComplete)).toMatchObject({
      status: 0x3c,
      role: 1,
      peerAddress: b.address,
    });
    expect(a.host.status(LeSetAdvertisingParameters, advertising)).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it("does not tell of a timeout when high duty cycle advertising was switched off", () => {
    const { a, clock } = new RawPair();
    advertise(a, { advertisingType: 1 });
    a.host.ask(LeSetAdvertisingEnable, { advertisingEnable: false });
    expect(clock.timers).toBe(0);
    clock.advanceSync(2000);
    expect(a.host.events).toEqual([]);
  });

  it("needs no timer while nobody listens", () => {
    const { a, b, clock } = new RawPair();
    advertise(b);
    expect(clock.timers).toBe(0);
    scan(a);
    expect(clock.timers).toBe(1);
    a.host.ask(LeSetScanEnable, { enable: false, filterDuplicates: false });
    expect(clock.timers).toBe(0);
  });
});

describe("virtual controller: scanning (Vol 4, Part E, 7.8.10, 7.8.11 and 7.7.65.2)", () => {
  const bad: [string, Partial<typeof scanning>, number][] = [
    ["a type that is not there", { scanType: 2 }, 0x12],
    ["a window below 2.5 ms", { scanWindow: 3 }, 0x12],
    ["an interval above 10.24 s", { scanInterval: 0x4001 }, 0x12],
    ["a window longer than the interval", { scanWindow: 17 }, 0x12],
    ["an own address type that is not there", { ownAddressType: 4 }, 0x12],
    ["a filter policy that is not there", { scanningFilterPolicy: 4 }, 0x12],
  ];
  it.each(bad)("refuses %s", (_, changes, status) => {
    const { a } = new RawPair();
    expect(a.host.status(LeSetScanParameters, { ...scanning, ...changes })).toBe(status);
  });

  it("refuses filter policies 2 and 3 without the feature for them", () => {
    const features = leFeatures.slice();
    setFeature(features, LeFeature.ExtendedScannerFilterPolicies, false);
    const { a, b } = new RawPair({ leFeatures: features }, {});
    expect(a.host.status(LeSetScanParameters, { ...scanning, scanningFilterPolicy: 2 })).toBe(0x11);
    expect(b.host.status(LeSetScanParameters, { ...scanning, scanningFilterPolicy: 2 })).toBe(0);
  });

  it("does not change parameters while it scans", () => {
    const { a } = new RawPair();
    scan(a);
    expect(a.host.status(LeSetScanParameters, scanning)).toBe(Status.CommandDisallowed);
  });

  const addressB = "20000000002/0";
  const kinds: [string, number, string[], string[]][] = [
    ["ADV_IND", 0, [`0 ${addressB} 020106`], [`4 ${addressB} 02096a`]],
    ["ADV_DIRECT_IND, high duty cycle", 1, [`1 ${addressB} `], []],
    ["ADV_SCAN_IND", 2, [`2 ${addressB} 020106`], [`4 ${addressB} 02096a`]],
    ["ADV_NONCONN_IND", 3, [`3 ${addressB} 020106`], []],
    ["ADV_DIRECT_IND, low duty cycle", 4, [`1 ${addressB} `], []],
  ];
  it.each(kinds)(
    "reports %s at once, with the scan response only if it scans actively",
    (_, type, passive, active) => {
      const { a, b } = new RawPair();
      advertise(b, { advertisingType: type, peerAddress: a.address });
      scan(a, { scanType: 0 });
      expect(reports(a)).toEqual(passive);
      a.host.ask(LeSetScanEnable, { enable: false, filterDuplicates: false });
      scan(a, { scanType: 1 });
      expect(reports(a)).toEqual([...passive, ...active]);
    },
  );

  it("reports the strength of the sender", () => {
    const { a, b } = new RawPair({}, { rssi: -88 });
    advertise(b);
    scan(a, { scanType: 0 });
    expect(a.host.takeOne(LeAdvertisingReport).reports[0]?.rssi).toBe(-88);
  });

  it("repeats reports at the advertising interval unless it filters duplicates", () => {
    const { a, b, clock } = new RawPair();
    advertise(b);
    scan(a, { scanType: 0 }, false);
    clock.advanceSync(1000);
    expect(reports(a)).toHaveLength(11);
    a.host.ask(LeSetScanEnable, { enable: true, filterDuplicates: true });
    clock.advanceSync(1000);
    expect(reports(a)).toHaveLength(1);
    b.host.ask(LeSetAdvertisingData, { advertisingData: Uint8Array.of(1, 2) });
    clock.advanceSync(1000);
    expect(reports(a), "other data is a duplicate all the same (Vol 6, Part B, 4.4.3.5)").toHaveLength(0);
  });

  it("hears nothing that is directed to somebody else, and not itself", () => {
    const { a, b } = new RawPair();
    advertise(b, { advertisingType: 4, peerAddress: a.address + 1 });
    advertise(a);
    scan(a);
    expect(reports(a)).toEqual([]);
  });

  it("uses random addresses where it was told to", () => {
    const { a, b } = new RawPair();
    b.host.ask(LeSetRandomAddress, { randomAddress: 0xc0000000000b });
    advertise(b, { ownAddressType: 1 });
    scan(a, { scanType: 0 });
    expect(reports(a)).toEqual(["0 c0000000000b/1 020106"]);
  });

  it("hears only the Filter Accept List with policy 1", () => {
    const pair = new RawPair();
    const other = pair.station();
    advertise(pair.b);
    advertise(other);
    pair.a.host.ask(LeAddDeviceToFilterAcceptList, { addressType: 0, address: other.address });
    scan(pair.a, { scanType: 0, scanningFilterPolicy: 1 });
    expect(reports(pair.a)).toEqual(["0 20000000003/0 020106"]);
  });

  it("answers scan requests by the advertising filter policy (Vol 6, Part B, 4.3.2)", () => {
    for (const [policy, listed, responses] of [
      [0, false, 1],
      [1, false, 0],
      [1, true, 1],
      [2, false, 1],
      [3, false, 0],
    ] as const) {
      const { a, b } = new RawPair();
      if (listed) b.host.ask(LeAddDeviceToFilterAcceptList, { addressType: 0, address: a.address });
      advertise(b, { advertisingFilterPolicy: policy });
      scan(a);
      expect(reports(a), `policy ${policy}`).toHaveLength(1 + responses);
    }
  });

  it("finds every one of fifty advertisers", () => {
    const pair = new RawPair();
    const stations = Array.from({ length: 50 }, () => pair.station());
    for (const station of stations) advertise(station);
    scan(pair.a, { scanType: 0 });
    expect(new Set(reports(pair.a)).size).toBe(50);
  });
});
