import { describe, expect, it } from "vitest";
import { toHex } from "../../src/common/bytes.ts";
import { ReadTransmitPowerLevel, Reset } from "../../src/hci/commands/controller-baseband.ts";
import {
  LeReadAdvertisingPhysicalChannelTxPower,
  LeSetAdvertisingEnable,
  LeSetAdvertisingParameters,
} from "../../src/hci/commands/le-advertising.ts";
import {
  LeCreateConnection,
  LeReadChannelMap,
  LeReadPhy,
  LeReadRemoteFeatures,
  LeRemoteConnectionParameterRequestNegativeReply,
  LeRequestPeerSca,
  LeSetDataLength,
  LeSetDefaultPhy,
  LeSetHostChannelClassification,
  LeSetPhy,
  type LeSetPhyParameters,
} from "../../src/hci/commands/le-connection.ts";
import {
  LeModifySleepClockAccuracy,
  LeReadLocalSupportedFeatures,
  LeReadRfPathCompensation,
  LeReadTransmitPower,
  LeSetHostFeature,
  LeWriteRfPathCompensation,
} from "../../src/hci/commands/le-controller.ts";
import {
  LeEnhancedReadTransmitPowerLevel,
  LeReadRemoteTransmitPowerLevel,
  LeSetPathLossReportingEnable,
  LeSetPathLossReportingParameters,
  LeSetTransmitPowerReportingEnable,
} from "../../src/hci/commands/le-power.ts";
import { LeSetDefaultSubrate, LeSubrateRequest } from "../../src/hci/commands/le-subrating.ts";
import {
  LeConnectionComplete,
  LeConnectionUpdateComplete,
  LeDataLengthChange,
  LePhyUpdateComplete,
  LeReadRemoteFeaturesComplete,
  LeRemoteConnectionParameterRequest,
  LeRequestPeerScaComplete,
  LeSubrateChange,
} from "../../src/hci/events/le-connection.ts";
import { LeConnectionUpdate } from "../../src/hci/commands/le-connection.ts";
import { LeSetExtendedAdvertisingParameters } from "../../src/hci/commands/le-extended-advertising.ts";
import { Disconnect } from "../../src/hci/commands/link-control.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { LePathLossThreshold, LeTransmitPowerReporting } from "../../src/hci/events/le-power.ts";
import { Status } from "../../src/hci/status.ts";
import { featureSet, LeFeature } from "../../transports/virtual/le-feature.ts";
import type { VirtualAirOptions } from "../../transports/virtual/index.ts";
import { enableSet, extended, makeSet, scanExtended, takeReports } from "../support/raw-extended.ts";
import { advertising, connection, RawPair, type RawStation } from "../support/raw-pair.ts";

const timings: readonly VirtualAirOptions[] = [{ timing: "instant" }, { timing: "air" }];
const phys = { allPhys: 0, txPhys: 2, rxPhys: 2, phyOptions: 0 };
const changed = { status: 0, txPhy: 2, rxPhy: 2 };
/** What 4.0 had. */
const ancient = { leFeatures: featureSet(LeFeature.Encryption) };

/** The time in which every procedure comes to its end. */
const procedure = 1000;

describe.each(timings)(
  "virtual controller, timing $timing: PHY (Vol 4, Part E, 7.8.47 to 7.8.49)",
  (timing) => {
    const connected = (
      a = {},
      b = a,
    ): { pair: RawPair; set: (station: RawStation, changes?: Partial<LeSetPhyParameters>) => number } => {
      const pair = new RawPair(a, b, timing);
      const handles = pair.connect();
      const set = (station: RawStation, changes: Partial<LeSetPhyParameters> = {}): number => {
        const connectionHandle = station === pair.a ? handles.a : handles.b;
        const status = station.host.status(LeSetPhy, { connectionHandle, ...phys, ...changes });
        pair.clock.advanceSync(procedure);
        return status;
      };
      return { pair, set };
    };

    it("begins with LE 1M, and changes for both; both hosts are told (7.7.65.12)", () => {
      for (const who of ["a", "b"] as const) {
        const { pair, set } = connected();
        expect(set(pair[who])).toBe(0);
        for (const { host } of [pair.a, pair.b]) {
          const { connectionHandle, ...rest } = host.takeOne(LePhyUpdateComplete);
          expect(rest).toEqual(changed);
          expect(host.ask(LeReadPhy, { connectionHandle })).toEqual({ connectionHandle, txPhy: 2, rxPhy: 2 });
        }
      }
    });

    it("tells the asker though nothing changes, and the other one nothing", () => {
      const { pair, set } = connected();
      set(pair.b, { txPhys: 1, rxPhys: 1 });
      expect(pair.b.host.takeOne(LePhyUpdateComplete)).toMatchObject({ status: 0, txPhy: 1, rxPhy: 1 });
      expect(pair.a.host.take(LePhyUpdateComplete)).toEqual([]);
    });

    it("is chosen for each direction, of what both ends would have", () => {
      const { pair, set } = connected();
      pair.b.host.ask(LeSetDefaultPhy, { allPhys: 0, txPhys: 1, rxPhys: 5 });
      set(pair.a, { txPhys: 6, rxPhys: 6 });
      // The defaults are those of new links.
      expect(pair.a.host.takeOne(LePhyUpdateComplete)).toMatchObject({ txPhy: 2, rxPhy: 2 });
      set(pair.b, { txPhys: 4, rxPhys: 2 });
      expect(pair.a.host.takeOne(LePhyUpdateComplete)).toMatchObject({ txPhy: 2, rxPhy: 3 });
    });

    it("of new links is by the defaults", () => {
      const pair = new RawPair({}, {}, timing);
      pair.b.host.ask(LeSetDefaultPhy, { allPhys: 0, txPhys: 1, rxPhys: 5 });
      const { a: connectionHandle } = pair.connect();
      pair.a.host.ask(LeSetPhy, { connectionHandle, ...phys, txPhys: 6, rxPhys: 7 });
      pair.clock.advanceSync(procedure);
      expect(pair.a.host.takeOne(LePhyUpdateComplete)).toMatchObject({ txPhy: 3, rxPhy: 1 });
    });

    it("refuses no PHY at all, and PHYs that are not there", () => {
      const without = { leFeatures: featureSet(LeFeature.Encryption, LeFeature.Le2M) };
      const { pair, set } = connected(without, {});
      expect(set(pair.b, { txPhys: 0 })).toBe(0x12);
      expect(set(pair.b, { txPhys: 0, allPhys: 1 })).toBe(0);
      expect(set(pair.b, { rxPhys: 8 })).toBe(0x11);
      expect(set(pair.a, { txPhys: 4 })).toBe(0x11);
      expect(pair.a.host.status(LeSetDefaultPhy, { allPhys: 0, txPhys: 0, rxPhys: 1 })).toBe(0x12);
      expect(pair.a.host.status(LeSetDefaultPhy, { allPhys: 0, txPhys: 4, rxPhys: 1 })).toBe(0x11);
    });

    it("cannot change with a peer that has no other: Unsupported Remote Feature", () => {
      const { pair, set } = connected({}, ancient);
      expect(set(pair.a)).toBe(0);
      expect(pair.a.host.takeOne(LePhyUpdateComplete)).toMatchObject({ status: 0x1a, txPhy: 1, rxPhy: 1 });
    });

    it("reaches further when it is coded (Vol 6, Part A, 4.1)", () => {
      const { pair, set } = connected();
      set(pair.a, { txPhys: 4, rxPhys: 4, phyOptions: 2 });
      pair.air.setPathLoss(pair.a.controller, pair.b.controller, 105);
      pair.clock.advanceSync(5000);
      expect(pair.a.controller.connections).toBe(1);
      pair.air.setPathLoss(pair.a.controller, pair.b.controller, 108);
      pair.clock.advanceSync(5000);
      expect(pair.a.controller.connections).toBe(0);
    });
  },
);

describe.each(timings)(
  "virtual controller, timing $timing: channels (Vol 4, Part E, 7.8.19 and 7.8.20)",
  (timing) => {
    const map = (text: string): { channelMap: Uint8Array } => ({
      channelMap: Uint8Array.from(Buffer.from(text, "hex")),
    });

    it("follow the central's host, on links that are there and on new ones (Vol 6, Part B, 5.1.2)", () => {
      const pair = new RawPair({}, {}, timing);
      const { a, b } = pair.connect();
      const maps = (): string[] => [
        toHex(pair.a.host.ask(LeReadChannelMap, { connectionHandle: a }).channelMap),
        toHex(pair.b.host.ask(LeReadChannelMap, { connectionHandle: b }).channelMap),
      ];
      expect(maps()).toEqual(["ffffffff1f", "ffffffff1f"]);
      pair.b.host.ask(LeSetHostChannelClassification, map("ff00000000"));
      pair.clock.advanceSync(procedure);
      expect(maps(), "a peripheral's host has no say").toEqual(["ffffffff1f", "ffffffff1f"]);
      pair.a.host.ask(LeSetHostChannelClassification, map("0300000010"));
      pair.clock.advanceSync(procedure);
      expect(maps()).toEqual(["0300000010", "0300000010"]);
      const other = pair.station();
      const next = pair.connect(pair.a, other);
      const { channelMap } = other.host.ask(LeReadChannelMap, { connectionHandle: next.b });
      expect(toHex(channelMap)).toBe("0300000010");
    });

    it("are those that were named last, however often they change", () => {
      const pair = new RawPair({}, {}, timing);
      const { b: connectionHandle } = pair.connect();
      for (let i = 1; i <= 60; i++) {
        pair.a.host.ask(LeSetHostChannelClassification, map(`ff${i.toString(16).padStart(2, "0")}000000`));
      }
      pair.clock.advanceSync(60_000);
      const { channelMap } = pair.b.host.ask(LeReadChannelMap, { connectionHandle });
      expect(toHex(channelMap)).toBe("ff3c000000");
    });

    it("are at least two data channels", () => {
      const { a } = new RawPair({}, {}, timing);
      const statuses = ["0000000000", "0100000000", "ffffffff3f", "0100000001"].map((text) =>
        a.host.status(LeSetHostChannelClassification, map(text)),
      );
      expect(statuses).toEqual([0x12, 0x12, 0x12, 0]);
    });
  },
);

describe.each(timings)(
  "virtual controller, timing $timing: power (Vol 4, Part E, 7.8.117 to 7.8.121)",
  (timing) => {
    it("reads its own and the peer's, on each PHY (7.7.65.33)", () => {
      const pair = new RawPair({ txPower: 8 }, { txPower: -40 }, timing);
      const { a: connectionHandle } = pair.connect();
      const { host } = pair.a;
      const own = { connectionHandle, phy: 2, currentTxPowerLevel: 8, maxTxPowerLevel: 20 };
      expect(host.ask(LeEnhancedReadTransmitPowerLevel, { connectionHandle, phy: 2 })).toEqual(own);
      expect(host.ask(ReadTransmitPowerLevel, { connectionHandle, type: 0 }).txPowerLevel).toBe(8);
      host.ask(LeReadRemoteTransmitPowerLevel, { connectionHandle, phy: 4 });
      pair.clock.advanceSync(procedure);
      const report = {
        status: 0,
        connectionHandle,
        reason: 2,
        phy: 4,
        txPowerLevel: -40,
        txPowerLevelFlag: 1,
        delta: 0,
      };
      expect(host.takeOne(LeTransmitPowerReporting)).toEqual(report);
      expect(host.ask(LeReadTransmitPower, {}), "Vol 4, Part E, 7.8.74").toEqual({
        minTxPower: -40,
        maxTxPower: 20,
      });
      for (const phy of [0, 5]) {
        expect(host.status(LeEnhancedReadTransmitPowerLevel, { connectionHandle, phy })).toBe(0x12);
        expect(host.status(LeReadRemoteTransmitPowerLevel, { connectionHandle, phy })).toBe(0x12);
      }
    });

    it("is told with what lies before the antenna, within what fields can say (7.8.75 and 7.8.76)", () => {
      const pair = new RawPair({}, {}, timing);
      const [scanner, advertiser] = [pair.a.host, pair.b.host];
      const none = { rfTxPathCompensation: 0, rfRxPathCompensation: 0 };
      expect(advertiser.ask(LeReadRfPathCompensation, {})).toEqual(none);
      const path = { rfTxPathCompensation: -15, rfRxPathCompensation: 30 };
      for (const host of [scanner, advertiser]) host.ask(LeWriteRfPathCompensation, path);
      expect(advertiser.ask(LeReadRfPathCompensation, {})).toEqual(path);
      for (const value of [1281, -1281]) {
        const wrong = { ...path, rfTxPathCompensation: value };
        expect(advertiser.status(LeWriteRfPathCompensation, wrong)).toBe(0x12);
      }
      pair.b.controller.setTransmitPower(5);
      makeSet(advertiser, { advertisingEventProperties: 0x40 }, { advertising: Uint8Array.of(2, 1, 6) });
      enableSet(advertiser);
      scanExtended(scanner);
      pair.clock.advanceSync(procedure);
      // 5 dBm less 1.5 dB, rounded; 50 dB away, and 3 dB gained behind the antenna.
      expect(takeReports(scanner)[0]).toMatchObject({ txPower: 4, rssi: -48 });
      advertiser.ask(Reset, {});
      expect(advertiser.ask(LeReadRfPathCompensation, {})).toEqual(none);
    });

    it("of this moment is what advertising tells (7.7.65.13, 7.7.65.15, 7.8.6 and 7.8.53)", () => {
      const pair = new RawPair({}, {}, timing);
      pair.b.controller.setTransmitPower(7);
      expect(pair.a.host.ask(LeReadAdvertisingPhysicalChannelTxPower, {}).txPowerLevel).toBe(0);
      const { host } = pair.b;
      const properties = { advertisingEventProperties: 0x40 };
      expect(host.ask(LeSetExtendedAdvertisingParameters, { ...extended, ...properties })).toEqual({
        selectedTxPower: 7,
      });
    });

    it("tells both hosts of a change, if they want to know (7.8.121)", () => {
      const pair = new RawPair({}, {}, timing);
      const { a, b } = pair.connect();
      pair.a.controller.setTransmitPower(5);
      pair.clock.advanceSync(procedure);
      expect([...pair.a.host.events, ...pair.b.host.events]).toEqual([]);
      const [local, remote] = [
        { localEnable: true, remoteEnable: false },
        { localEnable: false, remoteEnable: true },
      ];
      pair.a.host.ask(LeSetTransmitPowerReportingEnable, { connectionHandle: a, ...local });
      pair.b.host.ask(LeSetTransmitPowerReportingEnable, { connectionHandle: b, ...remote });
      pair.a.controller.setTransmitPower(-3);
      pair.clock.advanceSync(procedure);
      const report = { status: 0, phy: 1, txPowerLevel: -3, txPowerLevelFlag: 0, delta: -8 };
      expect(pair.a.host.takeOne(LeTransmitPowerReporting)).toEqual({
        ...report,
        connectionHandle: a,
        reason: 0,
      });
      expect(pair.b.host.takeOne(LeTransmitPowerReporting)).toEqual({
        ...report,
        connectionHandle: b,
        reason: 1,
      });
      expect(() => pair.a.controller.setTransmitPower(21)).toThrow(RangeError);
    });

    it("needs a peer that knows of it: Unsupported Remote Feature", () => {
      const pair = new RawPair({}, ancient, timing);
      const { a: connectionHandle } = pair.connect();
      const { host } = pair.a;
      const read = (): number => host.status(LeReadRemoteTransmitPowerLevel, { connectionHandle, phy: 1 });
      expect(read(), "which nobody knows yet").toBe(0);
      pair.clock.advanceSync(procedure);
      const report = host.takeOne(LeTransmitPowerReporting);
      expect(report).toMatchObject({ status: 0x1a, connectionHandle, phy: 1, txPowerLevel: 127 });
      expect(read(), "which LL_UNKNOWN_RSP has told").toBe(0x1a);
      const enable = { connectionHandle, localEnable: false, remoteEnable: true };
      expect(host.status(LeSetTransmitPowerReportingEnable, enable)).toBe(0x1a);
    });

    const zones = {
      highThreshold: 80,
      highHysteresis: 5,
      lowThreshold: 40,
      lowHysteresis: 5,
      minTimeSpent: 10,
    };
    it("reports the zone of the path loss, with hysteresis and after a while (7.7.65.32)", () => {
      const pair = new RawPair({}, {}, timing);
      const { a: connectionHandle } = pair.connect(); // 30 ms
      const { host } = pair.a;
      const walk = (decibels: number): unknown[] => {
        pair.air.setPathLoss(pair.a.controller, pair.b.controller, decibels);
        pair.clock.advanceSync(290);
        expect(host.take(LePathLossThreshold)).toEqual([]);
        pair.clock.advanceSync(20);
        return host.take(LePathLossThreshold).map((event) => [event.currentPathLoss, event.zoneEntered]);
      };
      const enable = { connectionHandle, enable: true };
      expect(host.status(LeSetPathLossReportingEnable, enable)).toBe(Status.CommandDisallowed);
      host.ask(LeSetPathLossReportingParameters, { connectionHandle, ...zones });
      host.ask(LeSetPathLossReportingEnable, enable);
      expect(host.takeOne(LePathLossThreshold)).toEqual({
        connectionHandle,
        currentPathLoss: 50,
        zoneEntered: 1,
      });
      expect(walk(84)).toEqual([]);
      expect(walk(85)).toEqual([[85, 2]]);
      expect(walk(76)).toEqual([]);
      expect(walk(74)).toEqual([[74, 1]]);
      expect(walk(36)).toEqual([]);
      expect(walk(35)).toEqual([[35, 0]]);
      expect(walk(44)).toEqual([]);
      expect(walk(46)).toEqual([[46, 1]]);
      host.ask(LeSetPathLossReportingEnable, { connectionHandle, enable: false });
      expect(walk(90)).toEqual([]);
      expect(pair.clock.timers).toBe(0);
    });

    const bad: [string, Partial<typeof zones>][] = [
      ["a low threshold above the high one", { lowThreshold: 81 }],
      ["zones that overlap", { lowThreshold: 75, lowHysteresis: 1 }],
      ["a hysteresis below nothing", { lowThreshold: 4 }],
      ["a hysteresis beyond everything", { highThreshold: 253 }],
    ];
    it.each(bad)("refuses %s (7.8.119)", (_, changes) => {
      const pair = new RawPair({}, {}, timing);
      const { a: connectionHandle } = pair.connect();
      const parameters = { connectionHandle, ...zones, ...changes };
      expect(pair.a.host.status(LeSetPathLossReportingParameters, parameters)).toBe(0x12);
    });
  },
);

describe.each(timings)(
  "virtual controller, timing $timing: subrating (Vol 4, Part E, 7.8.123 and 7.8.124)",
  (timing) => {
    const wish = {
      subrateMin: 2,
      subrateMax: 4,
      maxLatency: 1,
      continuationNumber: 1,
      supervisionTimeout: 200,
    };
    const knowing = (): { pair: RawPair; a: number; b: number } => {
      const pair = new RawPair({}, {}, timing);
      for (const { host } of [pair.a, pair.b]) host.ask(LeSetHostFeature, { bitNumber: 38, bitValue: true });
      return { pair, ...pair.connect() };
    };

    it("is the central's to change; both hosts are told (7.7.65.35)", () => {
      const { pair, a, b } = knowing();
      pair.a.host.ask(LeSubrateRequest, { connectionHandle: a, ...wish });
      pair.clock.advanceSync(procedure);
      const outcome = {
        subrateFactor: 4,
        peripheralLatency: 1,
        continuationNumber: 1,
        supervisionTimeout: 200,
      };
      expect(pair.a.host.takeOne(LeSubrateChange)).toEqual({ status: 0, connectionHandle: a, ...outcome });
      expect(pair.b.host.takeOne(LeSubrateChange)).toEqual({ status: 0, connectionHandle: b, ...outcome });
      const before = pair.a.controller.counters.connectionEvents;
      pair.clock.advanceSync(30 * 8 * 10);
      expect(pair.a.controller.counters.connectionEvents - before, "one event of 4 x (1 + 1)").toBe(10);
    });

    it("is the peripheral's to ask for, within what the central's host allows (Vol 6, Part B, 5.1.20)", () => {
      const { pair, b } = knowing();
      pair.b.host.ask(LeSubrateRequest, { connectionHandle: b, ...wish });
      pair.clock.advanceSync(procedure);
      expect(pair.b.host.takeOne(LeSubrateChange), "by default none").toMatchObject({ status: 0x20 });
      expect(pair.a.host.take(LeSubrateChange)).toEqual([]);
      const other = pair.station();
      other.host.ask(LeSetHostFeature, { bitNumber: 38, bitValue: true });
      pair.a.host.ask(LeSetDefaultSubrate, { ...wish, subrateMax: 3, continuationNumber: 2, maxLatency: 0 });
      const next = pair.connect(pair.a, other);
      other.host.ask(LeSubrateRequest, { connectionHandle: next.b, ...wish });
      pair.clock.advanceSync(procedure);
      expect(other.host.takeOne(LeSubrateChange)).toMatchObject({
        status: 0,
        subrateFactor: 3,
        peripheralLatency: 0,
        continuationNumber: 2,
      });
    });

    it("uses the next events too when there was data: continuationNumber of them (Vol 6, Part B, 4.5.1)", () => {
      const factor = 8;
      for (const continuationNumber of [0, 3]) {
        const { pair, a } = knowing();
        pair.a.host.ask(LeSubrateRequest, {
          connectionHandle: a,
          ...{ ...wish, subrateMin: factor, subrateMax: factor, maxLatency: 0, continuationNumber },
        });
        pair.clock.advanceSync(procedure);
        const eventsIn = (ms: number): number => {
          const before = pair.a.controller.counters.connectionEvents;
          pair.clock.advanceSync(ms);
          return pair.a.controller.counters.connectionEvents - before;
        };
        const idle = eventsIn(30 * factor * 10);
        expect(idle).toBe(10);
        pair.a.host.sendData(a, Uint8Array.of(1));
        // Where packets take no time none of the events has data in it.
        const more = timing.timing === "air" ? continuationNumber : 0;
        expect(eventsIn(30 * factor * 10)).toBe(idle + more);
        expect(pair.b.host.data).toHaveLength(1);
      }
    });

    it("ends with a connection update (Vol 6, Part B, 5.1.1)", () => {
      const { pair, a } = knowing();
      pair.a.host.ask(LeSubrateRequest, { connectionHandle: a, ...wish });
      pair.clock.advanceSync(procedure);
      const update = {
        connectionIntervalMin: 8,
        connectionIntervalMax: 8,
        maxLatency: 0,
        supervisionTimeout: 100,
      };
      pair.a.host.ask(LeConnectionUpdate, { connectionHandle: a, ...update, minCeLength: 0, maxCeLength: 0 });
      pair.clock.advanceSync(5 * procedure);
      pair.a.host.takeOne(LeConnectionUpdateComplete);
      const before = pair.a.controller.counters.connectionEvents;
      pair.clock.advanceSync(1000);
      expect(pair.a.controller.counters.connectionEvents - before).toBe(100);
    });

    const bad: [string, Partial<typeof wish>][] = [
      ["a factor of 0", { subrateMin: 0 }],
      ["a factor above 500", { subrateMax: 501, maxLatency: 0 }],
      ["factors from more to less", { subrateMin: 5 }],
      ["a latency above 499", { maxLatency: 500 }],
      ["a factor times the latency above 500", { subrateMax: 400 }],
      ["as many continuations as the factor", { continuationNumber: 4 }],
      ["a supervision timeout out of range", { supervisionTimeout: 9 }],
    ];
    it.each(bad)("refuses %s", (_, changes) => {
      const { pair, a: connectionHandle } = knowing();
      const parameters = { ...wish, ...changes };
      expect(pair.a.host.status(LeSetDefaultSubrate, parameters)).toBe(0x12);
      expect(pair.a.host.status(LeSubrateRequest, { connectionHandle, ...parameters })).toBe(0x12);
    });

    it("refuses a supervision timeout that subrating outlasts (7.8.124)", () => {
      const { pair, a: connectionHandle } = knowing();
      // 2 x 30 ms x 4 x (1 + 1) = 480 ms
      for (const [supervisionTimeout, status] of [
        [48, 0x12],
        [49, 0],
      ] as const) {
        const parameters = { connectionHandle, ...wish, supervisionTimeout };
        expect(pair.a.host.status(LeSubrateRequest, parameters)).toBe(status);
      }
    });

    it("needs a peer whose host knows of it: Unsupported Remote Feature", () => {
      const pair = new RawPair({}, {}, timing);
      const { a: connectionHandle } = pair.connect();
      expect(pair.a.host.status(LeSubrateRequest, { connectionHandle, ...wish })).toBe(0x1a);
    });

    it("is said to peers by its host, while there are no links (7.8.115)", () => {
      const { pair, a: connectionHandle } = knowing();
      const bit = { bitNumber: 38, bitValue: true };
      expect(pair.a.host.status(LeSetHostFeature, bit)).toBe(Status.CommandDisallowed);
      expect(pair.a.host.ask(LeReadLocalSupportedFeatures, {}).features[4]! & 0x40).toBe(0x40);
      pair.b.host.events.length = 0;
      pair.a.host.ask(LeReadRemoteFeatures, { connectionHandle });
      pair.clock.advanceSync(procedure);
      expect(pair.a.host.takeOne(LeReadRemoteFeaturesComplete).features[4]! & 0x40).toBe(0x40);
      const { host } = pair.station();
      expect(host.status(LeSetHostFeature, { bitNumber: 0, bitValue: true })).toBe(0x11);
    });
  },
);

describe.each(timings)("virtual controller, timing $timing: peers of older versions", (timing) => {
  it("tells the accuracy of its clock (Vol 4, Part E, 7.8.108 and 7.7.65.31)", () => {
    const pair = new RawPair({}, {}, timing);
    const { a: connectionHandle } = pair.connect();
    pair.a.host.ask(LeRequestPeerSca, { connectionHandle });
    pair.clock.advanceSync(procedure);
    const complete = { status: 0, connectionHandle, peerClockAccuracy: 0 };
    expect(pair.a.host.takeOne(LeRequestPeerScaComplete)).toEqual(complete);
    const old = pair.station(ancient);
    const next = pair.connect(pair.a, old);
    pair.a.host.ask(LeRequestPeerSca, { connectionHandle: next.a });
    pair.clock.advanceSync(procedure);
    expect(pair.a.host.takeOne(LeRequestPeerScaComplete).status).toBe(0x1a);
  });

  it("make their clocks more accurate and less, one step at a time (Vol 4, Part E, 7.8.94)", () => {
    const pair = new RawPair({}, {}, timing);
    const modify = (action: number): number => pair.b.host.status(LeModifySleepClockAccuracy, { action });
    expect([modify(1), modify(2), modify(0), modify(0), modify(0), modify(1)]).toEqual([
      Status.LimitReached,
      Status.InvalidHciCommandParameters,
      0,
      0,
      0,
      0,
    ]);
    const { a, b } = pair.connect();
    pair.a.host.ask(LeRequestPeerSca, { connectionHandle: a });
    pair.clock.advanceSync(procedure);
    expect(pair.a.host.takeOne(LeRequestPeerScaComplete).peerClockAccuracy).toBe(2);
    for (let i = 0; i < 5; i++) expect(modify(0)).toBe(0);
    expect(modify(0)).toBe(Status.LimitReached);
    pair.a.host.ask(Disconnect, { connectionHandle: a, reason: 0x13 });
    pair.clock.advanceSync(procedure);
    expect(pair.b.host.takeOne(DisconnectionComplete).connectionHandle).toBe(b);
    // Now the other way round: a peripheral is told how accurate the clock of its central is.
    pair.b.host.ask(LeCreateConnection, { ...connection, peerAddress: pair.a.address });
    pair.a.host.ask(LeSetAdvertisingParameters, advertising);
    pair.a.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    pair.clock.advanceSync(procedure);
    expect(pair.a.host.takeOne(LeConnectionComplete).centralClockAccuracy).toBe(7);
    expect(pair.b.host.takeOne(LeConnectionComplete).centralClockAccuracy).toBe(0);
  });

  it("know nothing of data length, nor of a parameter request", () => {
    const pair = new RawPair(ancient, {}, timing);
    const { a, b } = pair.connect();
    pair.b.host.ask(LeSetDataLength, { connectionHandle: b, txOctets: 251, txTime: 2120 });
    const update = {
      connectionIntervalMin: 8,
      connectionIntervalMax: 8,
      maxLatency: 0,
      supervisionTimeout: 100,
      minCeLength: 0,
      maxCeLength: 0,
    };
    pair.b.host.ask(LeConnectionUpdate, { connectionHandle: b, ...update });
    pair.b.host.ask(LeReadRemoteFeatures, { connectionHandle: b });
    pair.clock.advanceSync(procedure);
    expect(pair.b.host.take(LeDataLengthChange)).toEqual([]);
    expect(pair.b.host.takeOne(LeConnectionUpdateComplete).status).toBe(0x1a);
    expect(pair.b.host.takeOne(LeReadRemoteFeaturesComplete).status).toBe(0x1a);
    expect(pair.a.host.status(LeConnectionUpdate, { connectionHandle: a, ...update })).toBe(0);
    const other = pair.station(ancient);
    const next = pair.connect(pair.b, other);
    const status = other.host.status(LeConnectionUpdate, { connectionHandle: next.b, ...update });
    expect(status, "one that does not have it itself").toBe(Status.CommandDisallowed);
  });
});

const quick = {
  connectionIntervalMin: 8,
  connectionIntervalMax: 8,
  maxLatency: 0,
  supervisionTimeout: 200,
  minCeLength: 0,
  maxCeLength: 0,
};

describe.each(timings)("virtual controller, timing $timing: procedures that fail", (timing) => {
  it("end the link when there is no answer for 40 s: LL Response Timeout (Vol 6, Part B, 5.2)", () => {
    const pair = new RawPair({}, {}, timing);
    const { b: connectionHandle } = pair.connect();
    pair.b.host.ask(LeConnectionUpdate, { connectionHandle, ...quick });
    pair.clock.advanceSync(39_900);
    pair.a.host.takeOne(LeRemoteConnectionParameterRequest); // which its host leaves unanswered
    expect(pair.b.host.events).toEqual([]);
    pair.clock.advanceSync(1000);
    expect(pair.b.host.takeOne(DisconnectionComplete).reason).toBe(0x22);
    expect(pair.a.host.takeOne(DisconnectionComplete).reason).toBe(0x08);
    expect(pair.clock.timers).toBe(0);
  });

  it("wait for one another: a second one of the same end begins when the first is over", () => {
    const pair = new RawPair({}, {}, timing);
    const { a, b: connectionHandle } = pair.connect();
    pair.b.host.ask(LeConnectionUpdate, { connectionHandle, ...quick });
    pair.b.host.ask(LeReadRemoteFeatures, { connectionHandle });
    pair.clock.advanceSync(procedure);
    expect(pair.b.host.take(LeReadRemoteFeaturesComplete)).toEqual([]);
    const no = { connectionHandle: a, reason: 0x3b };
    pair.a.host.ask(LeRemoteConnectionParameterRequestNegativeReply, no);
    pair.clock.advanceSync(procedure);
    expect(pair.b.host.takeOne(LeConnectionUpdateComplete).status).toBe(0x3b);
    expect(pair.b.host.take(LeReadRemoteFeaturesComplete)).toHaveLength(1);
  });
});

describe("virtual controller, timing air: instants", () => {
  it("that have passed when the packet arrives end the link: 0x28 (Vol 6, Part B, 5.1.1)", () => {
    const pair = new RawPair({}, {}, { timing: "air" });
    const { a: connectionHandle } = pair.connect(); // 30 ms
    pair.clock.advanceSync(procedure);
    pair.air.setLoss(0.999_999);
    pair.a.host.ask(LeConnectionUpdate, { connectionHandle, ...quick });
    pair.clock.advanceSync(300);
    pair.air.setLoss(0);
    pair.clock.advanceSync(procedure);
    expect(pair.b.host.takeOne(DisconnectionComplete).reason).toBe(0x28);
    expect(pair.a.host.takeOne(DisconnectionComplete).reason).toBe(0x08);
    expect(pair.a.controller.counters.retransmissions).toBeGreaterThan(6);
  });
});
