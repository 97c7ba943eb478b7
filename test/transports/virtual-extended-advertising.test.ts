import { describe, expect, it } from "vitest";
import {
  LeClearAdvertisingSets,
  LeReadMaximumAdvertisingDataLength,
  LeReadNumberOfSupportedAdvertisingSets,
  LeRemoveAdvertisingSet,
  LeSetAdvertisingSetRandomAddress,
  LeSetExtendedAdvertisingData,
  LeSetExtendedAdvertisingEnable,
  LeSetExtendedAdvertisingParameters,
  LeSetExtendedAdvertisingParametersV2,
  LeSetExtendedScanResponseData,
} from "../../src/hci/commands/le-extended-advertising.ts";
import { LeSetAdvertisingEnable } from "../../src/hci/commands/le-advertising.ts";
import { Reset } from "../../src/hci/commands/controller-baseband.ts";
import { LeExtendedCreateConnection } from "../../src/hci/commands/le-extended-connection.ts";
import { LeSetScanParameters } from "../../src/hci/commands/le-scanning.ts";
import { LeAdvertisingSetTerminated, LeScanRequestReceived } from "../../src/hci/events/le-advertising.ts";
import { LeConnectionComplete } from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import { leFeatures } from "../../transports/virtual/identity.ts";
import { LeFeature, setFeature } from "../../transports/virtual/le-feature.ts";
import {
  activeScan,
  disableSets,
  enableSet,
  extended,
  extendedConnection,
  makeSet,
  scanExtended,
  setData,
  takeReports,
} from "../support/raw-extended.ts";
import { RawPair } from "../support/raw-pair.ts";

const octets = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
const data = Uint8Array.of(2, 1, 6);

function without(feature: LeFeature): Uint8Array {
  const features = leFeatures.slice();
  setFeature(features, feature, false);
  return features;
}

describe("virtual controller: parameters of advertising sets (Vol 4, Part E, 7.8.53)", () => {
  const bad: [string, Partial<typeof extended>, number][] = [
    ["a handle above 0xEF", { advertisingHandle: 0xf0 }, 0x12],
    ["connectable and scannable extended PDUs", { advertisingEventProperties: 0x03 }, 0x12],
    ["high duty cycle extended PDUs", { advertisingEventProperties: 0x0d }, 0x12],
    ["connectable and anonymous", { advertisingEventProperties: 0x21 }, 0x12],
    ["scannable and anonymous", { advertisingEventProperties: 0x22 }, 0x12],
    ["reserved properties", { advertisingEventProperties: 0x80 }, 0x12],
    ["legacy PDUs of no kind (connectable alone)", { advertisingEventProperties: 0x11 }, 0x12],
    ["legacy PDUs with TxPower", { advertisingEventProperties: 0x53 }, 0x12],
    ["legacy PDUs on LE Coded", { advertisingEventProperties: 0x13, primaryAdvertisingPhy: 3 }, 0x12],
    ["an interval below 20 ms", { primaryAdvertisingIntervalMin: 0x1f }, 0x12],
    ["an interval from more to less", { primaryAdvertisingIntervalMin: 0xa1 }, 0x12],
    ["no channel", { primaryAdvertisingChannelMap: 0 }, 0x12],
    ["a fourth channel", { primaryAdvertisingChannelMap: 8 }, 0x12],
    ["an own address type that is not there", { ownAddressType: 4 }, 0x12],
    ["a peer address type that is not there", { peerAddressType: 2 }, 0x12],
    ["a filter policy that is not there", { advertisingFilterPolicy: 4 }, 0x12],
    ["a power above 20 dBm", { advertisingTxPower: 21 }, 0x12],
    ["LE 2M as primary PHY", { primaryAdvertisingPhy: 2 }, 0x12],
    ["no secondary PHY", { secondaryAdvertisingPhy: 0 }, 0x12],
    ["a SID of five bits", { advertisingSid: 0x10 }, 0x12],
  ];
  it.each(bad)("refuses %s", (_, changes, status) => {
    const { a } = new RawPair();
    expect(a.host.status(LeSetExtendedAdvertisingParameters, { ...extended, ...changes })).toBe(status);
    expect(a.host.status(LeRemoveAdvertisingSet, { advertisingHandle: 1 }), "no set was made").toBe(0x42);
  });

  it.each([0x13, 0x15, 0x1d, 0x12, 0x10, 0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x20, 0x24, 0x40, 0x45])(
    "takes the properties 0x%s of Table 7.2 or of extended PDUs",
    (advertisingEventProperties) => {
      const { a } = new RawPair();
      const parameters = { ...extended, advertisingEventProperties };
      expect(a.host.status(LeSetExtendedAdvertisingParameters, parameters)).toBe(0);
    },
  );

  it("does not look at the secondary PHY and SID of legacy PDUs", () => {
    const { a } = new RawPair();
    const parameters = {
      ...extended,
      advertisingEventProperties: 0x13,
      secondaryAdvertisingPhy: 0,
      advertisingSid: 0xff,
    };
    expect(a.host.ask(LeSetExtendedAdvertisingParameters, parameters)).toEqual({ selectedTxPower: 0 });
  });

  it("refuses PHYs that the controller does not have with 0x11", () => {
    const { a } = new RawPair({ leFeatures: without(LeFeature.LeCoded) });
    const parameters = { ...extended, secondaryAdvertisingPhy: 3 };
    expect(a.host.status(LeSetExtendedAdvertisingParameters, parameters)).toBe(0x11);
  });

  it("tells the power that it chose, and knows codings in the second version", () => {
    const { a } = new RawPair({ txPower: 4 });
    const parameters = { ...extended, primaryAdvertisingPhyOptions: 4, secondaryAdvertisingPhyOptions: 0 };
    expect(a.host.ask(LeSetExtendedAdvertisingParametersV2, parameters)).toEqual({ selectedTxPower: 4 });
    const wrong = { ...parameters, secondaryAdvertisingPhyOptions: 5 };
    expect(a.host.status(LeSetExtendedAdvertisingParametersV2, wrong)).toBe(0x12);
  });

  it("makes as many sets as there is room for (7.8.58)", () => {
    const { a } = new RawPair({ advertisingSets: 2, advertisingDataOctets: 300 });
    expect(a.host.ask(LeReadNumberOfSupportedAdvertisingSets, {})).toEqual({
      numSupportedAdvertisingSets: 2,
    });
    expect(a.host.ask(LeReadMaximumAdvertisingDataLength, {})).toEqual({ maxAdvertisingDataLength: 300 });
    makeSet(a.host, { advertisingHandle: 0 });
    makeSet(a.host, { advertisingHandle: 0xef });
    expect(a.host.status(LeSetExtendedAdvertisingParameters, extended)).toBe(Status.MemoryCapacityExceeded);
    makeSet(a.host, { advertisingHandle: 0 });
  });

  it("changes neither while the set is enabled", () => {
    const { a } = new RawPair();
    makeSet(a.host);
    enableSet(a.host);
    expect(a.host.status(LeSetExtendedAdvertisingParameters, extended)).toBe(Status.CommandDisallowed);
    disableSets(a.host);
    makeSet(a.host);
  });

  it("refuses parameters that do not go with the data of the set", () => {
    const { a } = new RawPair();
    makeSet(a.host, {}, { advertising: octets(32) });
    for (const advertisingEventProperties of [0x10, 0x02]) {
      const parameters = { ...extended, advertisingEventProperties };
      expect(a.host.status(LeSetExtendedAdvertisingParameters, parameters)).toBe(0x12);
    }
    setData(a.host, 1, octets(31));
    makeSet(a.host, { advertisingEventProperties: 0x10 });
  });
});

describe("virtual controller: data of advertising sets (Vol 4, Part E, 7.8.54 and 7.8.55)", () => {
  function status(
    { a }: RawPair,
    operation: number,
    advertisingData: Uint8Array,
    fragmentPreference = 0,
  ): number {
    const parameters = { advertisingHandle: 1, operation, fragmentPreference, advertisingData };
    return a.host.status(LeSetExtendedAdvertisingData, parameters);
  }

  it("wants a set that exists", () => {
    expect(status(new RawPair(), 3, data)).toBe(Status.UnknownAdvertisingIdentifier);
  });

  it("refuses operations, preferences and lengths out of range", () => {
    const pair = new RawPair();
    makeSet(pair.a.host);
    expect(status(pair, 5, data)).toBe(0x12);
    expect(status(pair, 3, data, 2)).toBe(0x12);
    expect(status(pair, 3, octets(252))).toBe(0x12);
    expect(status(pair, 3, octets(251))).toBe(0);
    for (const operation of [0, 1, 2]) expect(status(pair, operation, octets(0))).toBe(0x12);
  });

  it("takes at most 31 octets in one piece for legacy PDUs, and none if they are directed", () => {
    const pair = new RawPair();
    makeSet(pair.a.host, { advertisingEventProperties: 0x13 });
    expect(status(pair, 3, octets(32))).toBe(0x12);
    expect(status(pair, 1, octets(3))).toBe(0x12);
    expect(status(pair, 3, octets(31))).toBe(0);
    makeSet(pair.a.host, { advertisingHandle: 2, advertisingEventProperties: 0x15 });
    const parameters = { advertisingHandle: 2, operation: 3, fragmentPreference: 0, advertisingData: data };
    expect(pair.a.host.status(LeSetExtendedAdvertisingData, parameters)).toBe(0x12);
  });

  it("takes no advertising data for scannable extended PDUs", () => {
    const pair = new RawPair();
    makeSet(pair.a.host, { advertisingEventProperties: 0x02 });
    expect(status(pair, 3, data)).toBe(0x12);
  });

  it("discards everything that becomes more than the set can hold", () => {
    const pair = new RawPair({ advertisingDataOctets: 300 });
    makeSet(pair.a.host);
    expect(status(pair, 1, octets(251))).toBe(0);
    expect(status(pair, 2, octets(50))).toBe(Status.MemoryCapacityExceeded);
    enableSet(pair.a.host);
    scanExtended(pair.b.host);
    expect(takeReports(pair.b.host)[0]?.data).toHaveLength(0);
  });

  it("takes only whole or unchanged data while the set is enabled", () => {
    const pair = new RawPair();
    makeSet(pair.a.host);
    expect(status(pair, 4, octets(0)), "unchanged, but disabled").toBe(0x12);
    enableSet(pair.a.host);
    expect(status(pair, 4, octets(0)), "unchanged, but none there").toBe(0x12);
    for (const operation of [0, 1, 2]) expect(status(pair, operation, data)).toBe(Status.CommandDisallowed);
    expect(status(pair, 3, data)).toBe(0);
    expect(status(pair, 4, data), "unchanged with data").toBe(0x12);
    expect(status(pair, 4, octets(0))).toBe(0);
  });

  it("is not enabled while a fragment is missing (7.8.56)", () => {
    const pair = new RawPair();
    makeSet(pair.a.host);
    expect(status(pair, 1, data)).toBe(0);
    const sets = [{ advertisingHandle: 1, duration: 0, maxExtendedAdvertisingEvents: 0 }];
    const enable = { enable: true, sets };
    expect(pair.a.host.status(LeSetExtendedAdvertisingEnable, enable)).toBe(Status.CommandDisallowed);
    expect(status(pair, 2, data)).toBe(0);
    expect(pair.a.host.status(LeSetExtendedAdvertisingEnable, enable)).toBe(0);
  });

  it("takes connectable data only as far as one AUX_ADV_IND carries it", () => {
    const pair = new RawPair();
    makeSet(pair.a.host, { advertisingEventProperties: 0x01 }, { advertising: octets(246) });
    const sets = [{ advertisingHandle: 1, duration: 0, maxExtendedAdvertisingEvents: 0 }];
    expect(pair.a.host.status(LeSetExtendedAdvertisingEnable, { enable: true, sets })).toBe(0x12);
    setData(pair.a.host, 1, octets(245));
    enableSet(pair.a.host);
    expect(status(pair, 3, octets(246))).toBe(Status.PacketTooLong);
  });

  it("has scan response data for scannable sets only, and needs it for scannable extended PDUs", () => {
    const { a } = new RawPair();
    const response = { advertisingHandle: 1, operation: 3, fragmentPreference: 0, scanResponseData: data };
    makeSet(a.host);
    expect(a.host.status(LeSetExtendedScanResponseData, response)).toBe(0x12);
    const nothing = { ...response, scanResponseData: octets(0) };
    expect(a.host.status(LeSetExtendedScanResponseData, nothing)).toBe(0);
    makeSet(a.host, { advertisingEventProperties: 0x02 });
    const sets = [{ advertisingHandle: 1, duration: 0, maxExtendedAdvertisingEvents: 0 }];
    const enable = { enable: true, sets };
    expect(a.host.status(LeSetExtendedAdvertisingEnable, enable)).toBe(Status.CommandDisallowed);
    expect(a.host.status(LeSetExtendedScanResponseData, { ...response, operation: 4 })).toBe(0x12);
    a.host.ask(LeSetExtendedScanResponseData, response);
    a.host.ask(LeSetExtendedAdvertisingEnable, enable);
    expect(a.host.status(LeSetExtendedScanResponseData, nothing)).toBe(Status.CommandDisallowed);
    expect(a.host.status(LeSetExtendedScanResponseData, { ...response, operation: 1 })).toBe(0x0c);
  });
});

describe("virtual controller: enabling advertising sets (Vol 4, Part E, 7.8.56 and 7.7.65.18)", () => {
  const entry = { advertisingHandle: 1, duration: 0, maxExtendedAdvertisingEvents: 0 };

  it("refuses no set, the same set twice, sets that are not there, and then changes none", () => {
    const { a } = new RawPair();
    makeSet(a.host);
    for (const [sets, status] of [
      [[], 0x12],
      [[entry, entry], 0x12],
      [[entry, { ...entry, advertisingHandle: 2 }], 0x42],
    ] as const) {
      expect(a.host.status(LeSetExtendedAdvertisingEnable, { enable: true, sets })).toBe(status);
    }
    makeSet(a.host);
  });

  it("wants a random address where it is told to use one (7.8.52)", () => {
    const { a, b } = new RawPair();
    makeSet(a.host, { ownAddressType: 1, advertisingEventProperties: 0x01 });
    expect(a.host.status(LeSetExtendedAdvertisingEnable, { enable: true, sets: [entry] })).toBe(0x12);
    const address = { advertisingHandle: 1, randomAddress: 0xc00000000009 };
    a.host.ask(LeSetAdvertisingSetRandomAddress, address);
    enableSet(a.host);
    expect(a.host.status(LeSetAdvertisingSetRandomAddress, address)).toBe(Status.CommandDisallowed);
    scanExtended(b.host);
    expect(takeReports(b.host)).toMatchObject([{ address: 0xc00000000009, addressType: 1 }]);
    const missing = { advertisingHandle: 2, randomAddress: 1 };
    expect(a.host.status(LeSetAdvertisingSetRandomAddress, missing)).toBe(0x42);
  });

  it("wants a duration of at most 1.28 s for high duty cycle directed advertising", () => {
    const { a, b, clock } = new RawPair();
    makeSet(a.host, { advertisingEventProperties: 0x1d, peerAddress: b.address });
    for (const [duration, status] of [
      [0, 0x12],
      [129, 0x12],
      [128, 0],
    ] as const) {
      const sets = [{ ...entry, duration }];
      expect(a.host.status(LeSetExtendedAdvertisingEnable, { enable: true, sets })).toBe(status);
    }
    clock.advanceSync(1280);
    expect(a.host.takeOne(LeAdvertisingSetTerminated)).toEqual({
      status: Status.AdvertisingTimeout,
      advertisingHandle: 1,
      connectionHandle: 0,
      numCompletedExtendedAdvertisingEvents: 0,
    });
  });

  it("ends after the duration, which begins anew when it is enabled again", () => {
    const { a, clock } = new RawPair();
    makeSet(a.host);
    enableSet(a.host, 1, { duration: 100 });
    clock.advanceSync(900);
    enableSet(a.host, 1, { duration: 100 });
    clock.advanceSync(999);
    expect(a.host.take(LeAdvertisingSetTerminated)).toEqual([]);
    clock.advanceSync(1);
    expect(a.host.takeOne(LeAdvertisingSetTerminated)).toMatchObject({ status: 0x3c, advertisingHandle: 1 });
    makeSet(a.host);
    expect(clock.timers).toBe(0);
  });

  it("ends after so many events, heard or not, and tells how many there were", () => {
    const { a, clock } = new RawPair();
    makeSet(a.host);
    enableSet(a.host, 1, { maxExtendedAdvertisingEvents: 3 });
    clock.advanceSync(199);
    expect(a.host.take(LeAdvertisingSetTerminated)).toEqual([]);
    clock.advanceSync(1);
    expect(a.host.takeOne(LeAdvertisingSetTerminated)).toEqual({
      status: Status.LimitReached,
      advertisingHandle: 1,
      connectionHandle: 0,
      numCompletedExtendedAdvertisingEvents: 3,
    });
    expect(clock.timers).toBe(0);
  });

  it("counts anew when it is enabled again, or no more if there is no limit any more", () => {
    const { a, clock } = new RawPair();
    makeSet(a.host);
    enableSet(a.host);
    enableSet(a.host, 1, { maxExtendedAdvertisingEvents: 3 });
    clock.advanceSync(150);
    enableSet(a.host, 1, { maxExtendedAdvertisingEvents: 3 });
    clock.advanceSync(199);
    expect(a.host.take(LeAdvertisingSetTerminated)).toEqual([]);
    enableSet(a.host);
    clock.advanceSync(1000);
    expect(a.host.take(LeAdvertisingSetTerminated)).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it("ends with a connection, and the other sets go on", () => {
    const { a, b } = new RawPair();
    makeSet(a.host, { advertisingEventProperties: 0x01 });
    makeSet(a.host, { advertisingHandle: 2, advertisingSid: 6 });
    enableSet(a.host, 1);
    enableSet(a.host, 2);
    b.host.ask(LeExtendedCreateConnection, { ...extendedConnection, peerAddress: a.address });
    const { connectionHandle } = a.host.takeOne(LeConnectionComplete);
    expect(a.host.takeOne(LeAdvertisingSetTerminated)).toEqual({
      status: 0,
      advertisingHandle: 1,
      connectionHandle,
      numCompletedExtendedAdvertisingEvents: 0,
    });
    scanExtended(b.host);
    expect(takeReports(b.host).map(({ advertisingSid }) => advertisingSid)).toEqual([6]);
  });

  it("does not enable connectable sets when it has all the connections it can", () => {
    const pair = new RawPair({ connections: 1 });
    const { a, b } = pair;
    makeSet(a.host, { advertisingEventProperties: 0x01 });
    enableSet(a.host);
    b.host.ask(LeExtendedCreateConnection, { ...extendedConnection, peerAddress: a.address });
    expect(a.host.status(LeSetExtendedAdvertisingEnable, { enable: true, sets: [entry] })).toBe(
      Status.ConnectionLimitExceeded,
    );
  });

  it("removes sets that are not enabled, one or all (7.8.59 and 7.8.60)", () => {
    const { a } = new RawPair();
    expect(a.host.status(LeRemoveAdvertisingSet, { advertisingHandle: 1 })).toBe(0x42);
    makeSet(a.host);
    enableSet(a.host);
    expect(a.host.status(LeRemoveAdvertisingSet, { advertisingHandle: 1 })).toBe(Status.CommandDisallowed);
    expect(a.host.status(LeClearAdvertisingSets, {})).toBe(Status.CommandDisallowed);
    disableSets(a.host, 1);
    a.host.ask(LeRemoveAdvertisingSet, { advertisingHandle: 1 });
    expect(a.host.status(LeRemoveAdvertisingSet, { advertisingHandle: 1 })).toBe(0x42);
    makeSet(a.host);
    a.host.ask(LeClearAdvertisingSets, {});
    expect(a.host.status(LeRemoveAdvertisingSet, { advertisingHandle: 1 })).toBe(0x42);
  });

  it("tells of scan requests where it was told to (7.7.65.19)", () => {
    const { a, b } = new RawPair();
    const changes = { advertisingEventProperties: 0x02, scanRequestNotificationEnable: true };
    makeSet(a.host, changes, { response: data });
    enableSet(a.host);
    scanExtended(b.host, activeScan);
    expect(a.host.takeOne(LeScanRequestReceived)).toEqual({
      advertisingHandle: 1,
      scannerAddressType: 0,
      scannerAddress: b.address,
    });
    makeSet(
      a.host,
      { ...changes, advertisingHandle: 2, scanRequestNotificationEnable: false },
      { response: data },
    );
    enableSet(a.host, 2);
    expect(a.host.take(LeScanRequestReceived)).toEqual([]);
  });
});

describe("virtual controller: after HCI_Reset (Vol 4, Part E, 7.3.2)", () => {
  it("no set is there, nothing is sent or listened for, and no timer is left", () => {
    const { a, b, clock } = new RawPair({}, {}, { timing: "air" });
    makeSet(a.host);
    enableSet(a.host, 1, { duration: 1000, maxExtendedAdvertisingEvents: 200 });
    scanExtended(b.host, activeScan, { duration: 100, period: 1 });
    a.host.ask(LeExtendedCreateConnection, extendedConnection);
    clock.advanceSync(500);
    expect(takeReports(b.host).length).toBeGreaterThan(0);
    for (const { host } of [a, b]) host.ask(Reset, {});
    expect(clock.timers).toBe(0);
    expect(a.host.status(LeRemoveAdvertisingSet, { advertisingHandle: 1 })).toBe(0x42);
  });
});

describe("virtual controller: legacy and extended commands (Vol 4, Part E, 3.1.1)", () => {
  it("refuses extended commands after a legacy one, until reset", () => {
    const { a } = new RawPair();
    a.host.ask(LeSetAdvertisingEnable, { advertisingEnable: false });
    expect(a.host.status(LeSetExtendedAdvertisingParameters, extended)).toBe(Status.CommandDisallowed);
    expect(a.host.status(LeExtendedCreateConnection, extendedConnection)).toBe(Status.CommandDisallowed);
    a.host.ask(Reset, {});
    makeSet(a.host);
  });

  it("refuses legacy commands after an extended one", () => {
    const { a } = new RawPair();
    expect(a.host.status(LeRemoveAdvertisingSet, { advertisingHandle: 1 })).toBe(0x42);
    expect(a.host.status(LeSetAdvertisingEnable, { advertisingEnable: true })).toBe(Status.CommandDisallowed);
    const scan = {
      scanType: 0,
      scanInterval: 16,
      scanWindow: 16,
      ownAddressType: 0,
      scanningFilterPolicy: 0,
    };
    expect(a.host.status(LeSetScanParameters, scan)).toBe(Status.CommandDisallowed);
  });
});
