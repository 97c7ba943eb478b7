import { describe, expect, it } from "vitest";
import { concat } from "../../src/common/bytes.ts";
import { Reset } from "../../src/hci/commands/controller-baseband.ts";
import {
  LeRemoveAdvertisingSet,
  LeSetExtendedAdvertisingParameters,
} from "../../src/hci/commands/le-extended-advertising.ts";
import {
  LeSetPeriodicAdvertisingData,
  LeSetPeriodicAdvertisingEnable,
  LeSetPeriodicAdvertisingParameters,
} from "../../src/hci/commands/le-periodic-advertising.ts";
import {
  LeAddDeviceToPeriodicAdvertiserList,
  LeClearPeriodicAdvertiserList,
  LePeriodicAdvertisingCreateSync,
  LePeriodicAdvertisingCreateSyncCancel,
  LePeriodicAdvertisingTerminateSync,
  LeReadPeriodicAdvertiserListSize,
  LeRemoveDeviceFromPeriodicAdvertiserList,
  LeSetPeriodicAdvertisingReceiveEnable,
} from "../../src/hci/commands/le-periodic-sync.ts";
import {
  LePeriodicAdvertisingSetInfoTransfer,
  LePeriodicAdvertisingSyncTransfer,
  LeSetDefaultPeriodicAdvertisingSyncTransferParameters,
  LeSetPeriodicAdvertisingSyncTransferParameters,
} from "../../src/hci/commands/le-periodic-sync-transfer.ts";
import { LeExtendedCreateConnection } from "../../src/hci/commands/le-extended-connection.ts";
import { LeSetExtendedScanEnable } from "../../src/hci/commands/le-extended-scanning.ts";
import { LeConnectionComplete } from "../../src/hci/events/le-connection.ts";
import {
  LePeriodicAdvertisingReport,
  LePeriodicAdvertisingSyncEstablished,
  LePeriodicAdvertisingSyncLost,
  LePeriodicAdvertisingSyncTransferReceived,
} from "../../src/hci/events/le-periodic-advertising.ts";
import { Status } from "../../src/hci/status.ts";
import { leFeatures } from "../../transports/virtual/identity.ts";
import { LeFeature, setFeature } from "../../transports/virtual/le-feature.ts";
import {
  disableSets,
  enableSet,
  extended,
  extendedConnection,
  makeSet,
  scanExtended,
  takeReports,
} from "../support/raw-extended.ts";
import { RawPair, type RawStation } from "../support/raw-pair.ts";

const octets = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
const periodic = {
  advertisingHandle: 1,
  periodicAdvertisingIntervalMin: 0x50,
  periodicAdvertisingIntervalMax: 0x50,
  periodicAdvertisingProperties: 0,
};
const interval = 100;
const create = {
  options: 0,
  advertisingSid: 5,
  advertiserAddressType: 0,
  advertiserAddress: 0,
  skip: 0,
  syncTimeout: 100,
  syncCteType: 0,
};
const stopScanning = { enable: false, filterDuplicates: 0, duration: 0, period: 0 };

function setPeriodicData({ host }: RawStation, data: Uint8Array, size = 252): void {
  const count = Math.max(1, Math.ceil(data.length / size));
  for (let i = 0; i < count; i++) {
    host.ask(LeSetPeriodicAdvertisingData, {
      advertisingHandle: 1,
      operation: count === 1 ? 3 : i === 0 ? 1 : i === count - 1 ? 2 : 0,
      advertisingData: data.slice(i * size, (i + 1) * size),
    });
  }
}

/** Begins a train of set 1. */
function train(station: RawStation, data: Uint8Array = octets(3), enable = 1, properties = 0): void {
  makeSet(station.host);
  station.host.ask(LeSetPeriodicAdvertisingParameters, {
    ...periodic,
    periodicAdvertisingProperties: properties,
  });
  setPeriodicData(station, data);
  station.host.ask(LeSetPeriodicAdvertisingEnable, { enable, advertisingHandle: 1 });
  enableSet(station.host);
}

/** `a` receives the train of `b`; scanning has ended. */
function synchronise({ a, b }: RawPair, changes: Partial<typeof create> = {}): number {
  a.host.ask(LePeriodicAdvertisingCreateSync, { ...create, advertiserAddress: b.address, ...changes });
  scanExtended(a.host);
  const { syncHandle, status } = a.host.takeOne(LePeriodicAdvertisingSyncEstablished);
  expect(status).toBe(0);
  a.host.ask(LeSetExtendedScanEnable, stopScanning);
  takeReports(a.host);
  return syncHandle;
}

describe("virtual controller: periodic advertising (Vol 4, Part E, 7.8.61 to 7.8.63)", () => {
  const bad: [string, Partial<typeof periodic>, number][] = [
    ["a set that is not there", { advertisingHandle: 2 }, 0x42],
    ["an interval below 7.5 ms", { periodicAdvertisingIntervalMin: 5 }, 0x12],
    ["an interval from more to less", { periodicAdvertisingIntervalMin: 0x51 }, 0x12],
    ["reserved properties", { periodicAdvertisingProperties: 1 }, 0x12],
  ];
  it.each(bad)("refuses %s", (_, changes, status) => {
    const { a } = new RawPair();
    makeSet(a.host);
    expect(a.host.status(LeSetPeriodicAdvertisingParameters, { ...periodic, ...changes })).toBe(status);
  });

  it.each([0x01, 0x02, 0x10, 0x20])("refuses sets with the properties 0x%s", (advertisingEventProperties) => {
    const { a } = new RawPair();
    makeSet(a.host, { advertisingEventProperties });
    expect(a.host.status(LeSetPeriodicAdvertisingParameters, periodic)).toBe(0x12);
  });

  it("takes no more data than fits into the interval: Packet Too Long (7.8.61 and 7.8.62)", () => {
    const { a } = new RawPair();
    const interval = (min: number, max: number): number =>
      a.host.status(LeSetPeriodicAdvertisingParameters, {
        ...periodic,
        periodicAdvertisingIntervalMin: min,
        periodicAdvertisingIntervalMax: max,
      });
    const add = (operation: number): number =>
      a.host.status(LeSetPeriodicAdvertisingData, {
        advertisingHandle: 1,
        operation,
        advertisingData: octets(247),
      });
    makeSet(a.host);
    // A full packet takes (10 + 255) * 8 + 300 µs: three of them fit into 7.5 ms, four into 10 ms.
    expect(interval(6, 6)).toBe(0);
    expect([add(1), add(0), add(0)]).toEqual([0, 0, 0]);
    expect(add(2), "the fourth packet does not fit").toBe(Status.PacketTooLong);
    expect(interval(6, 8), "all of it was discarded").toBe(0);
    expect([add(1), add(0), add(0), add(2)], "7.5 ms to 10 ms").toEqual([0, 0, 0, 0]);
    expect(interval(6, 7)).toBe(Status.PacketTooLong);
    const enable = (value: number): number =>
      a.host.status(LeSetPeriodicAdvertisingEnable, { advertisingHandle: 1, enable: value });
    enableSet(a.host);
    expect(enable(1)).toBe(0);
    expect(add(3), "less is no trouble").toBe(0);
  });

  it("goes at the shortest interval that its data allows (7.8.61)", () => {
    const pair = new RawPair();
    makeSet(pair.b.host);
    pair.b.host.ask(LeSetPeriodicAdvertisingParameters, {
      ...periodic,
      periodicAdvertisingIntervalMin: 6,
      periodicAdvertisingIntervalMax: 100,
    });
    setPeriodicData(pair.b, octets(1000));
    pair.b.host.ask(LeSetPeriodicAdvertisingEnable, { advertisingHandle: 1, enable: 1 });
    enableSet(pair.b.host);
    scanExtended(pair.a.host);
    // Five packets: four of 247 octets and one of 12, 4 * 2420 + 480 µs.
    const interval = Math.ceil((4 * (8 * (10 + 255) + 300) + 8 * (10 + 20) + 300) / 1250);
    expect(takeReports(pair.a.host)).toMatchObject([{ periodicAdvertisingInterval: interval }]);
  });

  it("checks data as the set's own, and wants parameters first", () => {
    const { a } = new RawPair();
    const status = (operation: number, advertisingData: Uint8Array, advertisingHandle = 1): number =>
      a.host.status(LeSetPeriodicAdvertisingData, { advertisingHandle, operation, advertisingData });
    expect(status(3, octets(1))).toBe(0x42);
    makeSet(a.host);
    expect(status(3, octets(1))).toBe(Status.CommandDisallowed);
    a.host.ask(LeSetPeriodicAdvertisingParameters, periodic);
    expect(status(5, octets(1))).toBe(0x12);
    expect(status(3, octets(253))).toBe(0x12);
    expect(status(1, octets(0))).toBe(0x12);
    expect(status(4, octets(0))).toBe(0x12);
    expect(status(1, octets(252))).toBe(0);
    const enable = { enable: 1, advertisingHandle: 1 };
    expect(a.host.status(LeSetPeriodicAdvertisingEnable, enable), "a fragment is missing").toBe(0x0c);
    expect(status(2, octets(1))).toBe(0);
    a.host.ask(LeSetPeriodicAdvertisingEnable, enable);
    expect(status(1, octets(1))).toBe(Status.CommandDisallowed);
    expect(status(4, octets(0))).toBe(0);
    expect(status(3, octets(1))).toBe(0);
  });

  it("discards data beyond what the controller can hold", () => {
    const { a } = new RawPair({ advertisingDataOctets: 300 });
    makeSet(a.host);
    a.host.ask(LeSetPeriodicAdvertisingParameters, periodic);
    const data = { advertisingHandle: 1, operation: 1, advertisingData: octets(252) };
    a.host.ask(LeSetPeriodicAdvertisingData, data);
    expect(a.host.status(LeSetPeriodicAdvertisingData, { ...data, operation: 2 })).toBe(0x07);
  });

  it("is enabled for sets with parameters, and keeps the set from changing its nature", () => {
    const { a } = new RawPair();
    const enable = { enable: 1, advertisingHandle: 1 };
    expect(a.host.status(LeSetPeriodicAdvertisingEnable, enable)).toBe(0x42);
    makeSet(a.host);
    expect(a.host.status(LeSetPeriodicAdvertisingEnable, enable)).toBe(Status.CommandDisallowed);
    a.host.ask(LeSetPeriodicAdvertisingParameters, periodic);
    expect(a.host.status(LeSetPeriodicAdvertisingEnable, { ...enable, enable: 4 })).toBe(0x12);
    a.host.ask(LeSetPeriodicAdvertisingEnable, enable);
    expect(a.host.status(LeSetPeriodicAdvertisingParameters, periodic)).toBe(Status.CommandDisallowed);
    expect(a.host.status(LeRemoveAdvertisingSet, { advertisingHandle: 1 })).toBe(Status.CommandDisallowed);
    const connectable = { ...extended, advertisingEventProperties: 1 };
    expect(a.host.status(LeSetExtendedAdvertisingParameters, connectable)).toBe(0x12);
    const other = { ...extended, secondaryAdvertisingPhy: 2 };
    expect(a.host.status(LeSetExtendedAdvertisingParameters, other)).toBe(Status.CommandDisallowed);
  });

  it("is told of in the set's advertisements once the set advertises too, and then goes on without (7.8.63)", () => {
    const { a, b } = new RawPair();
    train(b);
    scanExtended(a.host);
    expect(takeReports(a.host)).toMatchObject([{ periodicAdvertisingInterval: 0x50, secondaryPhy: 1 }]);
    a.host.ask(LeSetExtendedScanEnable, stopScanning);
    const pair = new RawPair();
    train(pair.b);
    synchronise(pair);
    disableSets(pair.b.host);
    pair.a.host.take(LePeriodicAdvertisingReport);
    pair.clock.advanceSync(10 * interval);
    expect(pair.a.host.take(LePeriodicAdvertisingReport)).toHaveLength(10);
  });
});

describe("virtual controller: receiving periodic advertising (Vol 4, Part E, 7.8.67 to 7.8.69, 7.7.65.14 to 7.7.65.16)", () => {
  const bad: [string, Partial<typeof create>, number][] = [
    ["options that are reserved", { options: 8 }, 0x12],
    ["a SID of five bits", { advertisingSid: 0x10 }, 0x12],
    ["an address type that is not there", { advertiserAddressType: 2 }, 0x12],
    ["a skip above 499", { skip: 0x1f4 }, 0x12],
    ["a timeout below 100 ms", { syncTimeout: 9 }, 0x12],
    ["a timeout above 163.84 s", { syncTimeout: 0x4001 }, 0x12],
    ["no packet of any kind", { syncCteType: 0x1f }, 0x0c],
  ];
  it.each(bad)("refuses %s", (_, changes, status) => {
    const { a } = new RawPair();
    expect(a.host.status(LePeriodicAdvertisingCreateSync, { ...create, ...changes })).toBe(status);
  });

  it("begins while it scans, and reports at the interval of the train", () => {
    const { a, b, clock } = new RawPair({}, { txPower: 3 });
    train(b, octets(3), 1, 0x40);
    a.host.ask(LePeriodicAdvertisingCreateSync, { ...create, advertiserAddress: b.address });
    expect(a.host.status(LePeriodicAdvertisingCreateSync, create)).toBe(Status.CommandDisallowed);
    expect(a.host.take(LePeriodicAdvertisingSyncEstablished)).toEqual([]);
    scanExtended(a.host);
    const established = a.host.takeOne(LePeriodicAdvertisingSyncEstablished);
    expect(established).toEqual({
      status: 0,
      syncHandle: established.syncHandle,
      advertisingSid: 5,
      advertiserAddressType: 0,
      advertiserAddress: b.address,
      advertiserPhy: 1,
      periodicAdvertisingInterval: 0x50,
      advertiserClockAccuracy: 0,
    });
    clock.advanceSync(2 * interval);
    expect(a.host.take(LePeriodicAdvertisingReport)).toEqual(
      new Array(3).fill({
        syncHandle: established.syncHandle,
        txPower: 3,
        rssi: -50,
        cteType: 0xff,
        dataStatus: 0,
        data: octets(3),
      }),
    );
    const again = { ...create, advertiserAddress: b.address };
    expect(a.host.status(LePeriodicAdvertisingCreateSync, again)).toBe(Status.ConnectionAlreadyExists);
  });

  it.each([0, 247, 248, 1650])("reports %s octets in pieces of at most 247", (length) => {
    const pair = new RawPair();
    train(pair.b, octets(length));
    synchronise(pair);
    const reports = pair.a.host.take(LePeriodicAdvertisingReport);
    const count = Math.max(1, Math.ceil(length / 247));
    expect(reports.map(({ dataStatus }) => dataStatus)).toEqual([...new Array<number>(count - 1).fill(1), 0]);
    expect(concat(...reports.map(({ data }) => data))).toEqual(octets(length));
  });

  it("skips as many events as it may", () => {
    const pair = new RawPair();
    train(pair.b);
    synchronise(pair, { skip: 4 });
    pair.a.host.take(LePeriodicAdvertisingReport);
    pair.clock.advanceSync(10 * interval);
    expect(pair.a.host.take(LePeriodicAdvertisingReport)).toHaveLength(2);
  });

  it("reports only where the host wants it (7.8.88), and with a DID each data once", () => {
    const pair = new RawPair();
    const { a, b, clock } = pair;
    train(b, octets(3), 3);
    const syncHandle = synchronise(pair, { options: 0b010 });
    const count = (ms: number): number => {
      clock.advanceSync(ms);
      return a.host.take(LePeriodicAdvertisingReport).length;
    };
    expect(count(10 * interval)).toBe(0);
    a.host.ask(LeSetPeriodicAdvertisingReceiveEnable, { syncHandle, enable: 1 });
    expect(count(10 * interval)).toBe(10);
    a.host.ask(LeSetPeriodicAdvertisingReceiveEnable, { syncHandle, enable: 3 });
    expect(count(10 * interval)).toBe(0);
    setPeriodicData(b, octets(4));
    expect(count(10 * interval)).toBe(1);
    const receive = { syncHandle, enable: 4 };
    expect(a.host.status(LeSetPeriodicAdvertisingReceiveEnable, receive)).toBe(0x12);
    const unknown = { syncHandle: syncHandle + 1, enable: 1 };
    expect(a.host.status(LeSetPeriodicAdvertisingReceiveEnable, unknown)).toBe(0x42);
  });

  it("is given up before it began (7.8.68), and afterwards terminated (7.8.69)", () => {
    const pair = new RawPair();
    const { a, b, clock } = pair;
    expect(a.host.status(LePeriodicAdvertisingCreateSyncCancel, {})).toBe(Status.CommandDisallowed);
    a.host.ask(LePeriodicAdvertisingCreateSync, create);
    a.host.ask(LePeriodicAdvertisingCreateSyncCancel, {});
    expect(a.host.takeOne(LePeriodicAdvertisingSyncEstablished).status).toBe(Status.OperationCancelledByHost);
    train(b);
    const syncHandle = synchronise(pair);
    a.host.ask(LePeriodicAdvertisingTerminateSync, { syncHandle });
    expect(a.host.status(LePeriodicAdvertisingTerminateSync, { syncHandle })).toBe(0x42);
    a.host.events.length = 0;
    clock.advanceSync(10 * interval);
    expect(a.host.events).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it("is lost when nothing was received for the timeout (7.7.65.16)", () => {
    const pair = new RawPair();
    const { a, b, clock } = pair;
    train(b);
    const syncHandle = synchronise(pair);
    clock.advanceSync(interval / 2);
    b.host.ask(LeSetPeriodicAdvertisingEnable, { enable: 0, advertisingHandle: 1 });
    clock.advanceSync(1000 - interval / 2 - 1);
    expect(a.host.take(LePeriodicAdvertisingSyncLost)).toEqual([]);
    clock.advanceSync(1);
    expect(a.host.takeOne(LePeriodicAdvertisingSyncLost)).toEqual({ syncHandle });
    expect(a.host.status(LePeriodicAdvertisingTerminateSync, { syncHandle })).toBe(0x42);
    disableSets(b.host);
    expect(clock.timers).toBe(0);
  });

  it("fails with 0x3E when six packets in a row were not received (Vol 6, Part B, 4.4.5)", () => {
    const { a, b, clock } = new RawPair({}, {}, { timing: "air" });
    train(b);
    a.host.ask(LePeriodicAdvertisingCreateSync, { ...create, advertiserAddress: b.address });
    scanExtended(a.host);
    while (takeReports(a.host).length === 0) clock.advanceSync(1);
    // The advertiser goes away between its advertisement and the first packet of the train.
    b.host.ask(Reset, {});
    expect(a.host.take(LePeriodicAdvertisingSyncEstablished)).toEqual([]);
    clock.advanceSync(6 * interval - 1);
    expect(a.host.take(LePeriodicAdvertisingSyncEstablished)).toEqual([]);
    clock.advanceSync(1);
    expect(a.host.takeOne(LePeriodicAdvertisingSyncEstablished).status).toBe(0x3e);
    expect(a.host.status(LePeriodicAdvertisingCreateSyncCancel, {})).toBe(Status.CommandDisallowed);
  });

  it("wants no packets with Constant Tone Extension, for there are none", () => {
    const { a, b } = new RawPair();
    train(b);
    const wanted = { ...create, advertiserAddress: b.address, syncCteType: 0x10 };
    a.host.ask(LePeriodicAdvertisingCreateSync, wanted);
    scanExtended(a.host);
    expect(a.host.takeOne(LePeriodicAdvertisingSyncEstablished).status).toBe(Status.UnsupportedRemoteFeature);
  });

  it("is limited to so many trains", () => {
    const pair = new RawPair({ periodicSyncs: 1 }, {});
    train(pair.b);
    synchronise(pair);
    expect(pair.a.host.status(LePeriodicAdvertisingCreateSync, create)).toBe(Status.MemoryCapacityExceeded);
    pair.a.host.ask(Reset, {});
    pair.b.host.ask(Reset, {});
    expect(pair.clock.timers).toBe(0);
  });
});

describe("virtual controller: the Periodic Advertiser List (Vol 4, Part E, 7.8.70 to 7.8.73)", () => {
  const entry = { advertiserAddressType: 0, advertiserAddress: 1, advertisingSid: 5 };

  it("holds as many as it says, each once, and does not change while one is looked for", () => {
    const { a } = new RawPair({ periodicAdvertiserListSize: 2 });
    expect(a.host.ask(LeReadPeriodicAdvertiserListSize, {})).toEqual({ periodicAdvertiserListSize: 2 });
    a.host.ask(LeAddDeviceToPeriodicAdvertiserList, entry);
    expect(a.host.status(LeAddDeviceToPeriodicAdvertiserList, entry)).toBe(0x12);
    expect(a.host.status(LeAddDeviceToPeriodicAdvertiserList, { ...entry, advertisingSid: 16 })).toBe(0x12);
    a.host.ask(LeAddDeviceToPeriodicAdvertiserList, { ...entry, advertisingSid: 6 });
    const third = { ...entry, advertisingSid: 7 };
    expect(a.host.status(LeAddDeviceToPeriodicAdvertiserList, third)).toBe(Status.MemoryCapacityExceeded);
    expect(a.host.status(LeRemoveDeviceFromPeriodicAdvertiserList, third)).toBe(0x42);
    a.host.ask(LeRemoveDeviceFromPeriodicAdvertiserList, entry);
    a.host.ask(LeClearPeriodicAdvertiserList, {});
    a.host.ask(LePeriodicAdvertisingCreateSync, { ...create, options: 1 });
    expect(a.host.status(LeAddDeviceToPeriodicAdvertiserList, entry)).toBe(Status.CommandDisallowed);
    expect(a.host.status(LeRemoveDeviceFromPeriodicAdvertiserList, entry)).toBe(Status.CommandDisallowed);
    expect(a.host.status(LeClearPeriodicAdvertiserList, {})).toBe(Status.CommandDisallowed);
  });

  it("is what is looked for with option bit 0", () => {
    const pair = new RawPair();
    const other = pair.station();
    train(pair.b);
    train(other);
    const listed = { ...entry, advertiserAddress: other.address };
    pair.a.host.ask(LeAddDeviceToPeriodicAdvertiserList, listed);
    pair.a.host.ask(LePeriodicAdvertisingCreateSync, { ...create, options: 1 });
    scanExtended(pair.a.host);
    expect(pair.a.host.takeOne(LePeriodicAdvertisingSyncEstablished)).toMatchObject({
      status: 0,
      advertiserAddress: other.address,
    });
  });
});

describe("virtual controller: periodic advertising sync transfer (Vol 4, Part E, 7.8.89 to 7.8.92 and 7.7.65.24)", () => {
  const mode = { mode: 2, skip: 0, syncTimeout: 100, cteType: 0 };

  function connect(a: RawStation, b: RawStation): { a: number; b: number } {
    makeSet(b.host, { advertisingHandle: 3, advertisingEventProperties: 1 });
    enableSet(b.host, 3);
    a.host.ask(LeExtendedCreateConnection, { ...extendedConnection, peerAddress: b.address });
    return {
      a: a.host.takeOne(LeConnectionComplete).connectionHandle,
      b: b.host.takeOne(LeConnectionComplete).connectionHandle,
    };
  }

  it("tells a peer of an own train, which then receives it", () => {
    const { a, b, clock } = new RawPair();
    train(b);
    const handles = connect(a, b);
    const parameters = { connectionHandle: handles.a, ...mode };
    a.host.ask(LeSetPeriodicAdvertisingSyncTransferParameters, parameters);
    const info = { connectionHandle: handles.b, serviceData: 0x1234, advertisingHandle: 1 };
    expect(b.host.ask(LePeriodicAdvertisingSetInfoTransfer, info)).toEqual({ connectionHandle: handles.b });
    const received = a.host.takeOne(LePeriodicAdvertisingSyncTransferReceived);
    expect(received).toEqual({
      status: 0,
      connectionHandle: handles.a,
      serviceData: 0x1234,
      syncHandle: received.syncHandle,
      advertisingSid: 5,
      advertiserAddressType: 0,
      advertiserAddress: b.address,
      advertiserPhy: 1,
      periodicAdvertisingInterval: 0x50,
      advertiserClockAccuracy: 0,
    });
    clock.advanceSync(interval);
    expect(a.host.take(LePeriodicAdvertisingReport)).toHaveLength(2);
    b.host.ask(LePeriodicAdvertisingSetInfoTransfer, info);
    expect(a.host.take(LePeriodicAdvertisingSyncTransferReceived), "it is received already").toEqual([]);
    a.host.ask(LePeriodicAdvertisingTerminateSync, { syncHandle: received.syncHandle });
  });

  it("tells a peer of a train of somebody else; new connections begin with the defaults", () => {
    const pair = new RawPair();
    const { a, b } = pair;
    const c = pair.station();
    train(b);
    const syncHandle = synchronise(pair);
    c.host.ask(LeSetDefaultPeriodicAdvertisingSyncTransferParameters, { ...mode, mode: 1 });
    const handles = connect(a, c);
    const transfer = { connectionHandle: handles.a, serviceData: 1, syncHandle };
    a.host.ask(LePeriodicAdvertisingSyncTransfer, transfer);
    expect(c.host.takeOne(LePeriodicAdvertisingSyncTransferReceived)).toMatchObject({
      status: 0,
      advertiserAddress: b.address,
    });
    expect(c.host.take(LePeriodicAdvertisingReport), "mode 1: no reports").toEqual([]);
    expect(a.host.status(LePeriodicAdvertisingSyncTransfer, { ...transfer, syncHandle: 99 })).toBe(0x42);
  });

  it("does nothing with mode 0, nor without a train, nor with a peer that cannot (4.6.25)", () => {
    const features = leFeatures.slice();
    setFeature(features, LeFeature.PeriodicAdvertisingSyncTransferRecipient, false);
    for (const [options, expected] of [
      [{}, 0],
      [{ leFeatures: features }, Status.UnsupportedRemoteFeature],
    ] as const) {
      const { a, b } = new RawPair(options, {});
      const handles = connect(a, b);
      const info = { connectionHandle: handles.b, serviceData: 0, advertisingHandle: 1 };
      expect(b.host.status(LePeriodicAdvertisingSetInfoTransfer, info)).toBe(0x42);
      makeSet(b.host);
      expect(b.host.status(LePeriodicAdvertisingSetInfoTransfer, info)).toBe(Status.CommandDisallowed);
      train(b);
      expect(b.host.status(LePeriodicAdvertisingSetInfoTransfer, info)).toBe(expected);
      expect(a.host.take(LePeriodicAdvertisingSyncTransferReceived)).toEqual([]);
    }
  });

  it("checks its parameters, but for mode 0", () => {
    const pair = new RawPair();
    const { a: connectionHandle } = connect(pair.a, pair.b);
    for (const [changes, status] of [
      [{ mode: 4 }, 0x12],
      [{ skip: 0x1f4 }, 0x12],
      [{ syncTimeout: 9 }, 0x12],
      [{ cteType: 0x20 }, 0x12],
      [{ mode: 0, syncTimeout: 0 }, 0],
      [{ mode: 3 }, 0],
    ] as const) {
      const parameters = { ...mode, ...changes };
      const { host } = pair.a;
      expect(host.status(LeSetDefaultPeriodicAdvertisingSyncTransferParameters, parameters)).toBe(status);
      const onLink = { connectionHandle, ...parameters };
      expect(host.status(LeSetPeriodicAdvertisingSyncTransferParameters, onLink)).toBe(status);
    }
  });
});
