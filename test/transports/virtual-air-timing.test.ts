import { describe, expect, it } from "vitest";
import { Disconnect, ReadRemoteVersionInformation } from "../../src/hci/commands/link-control.ts";
import {
  LeConnectionUpdate,
  LeReadRemoteFeatures,
  LeSetDataLength,
  LeSetPhy,
} from "../../src/hci/commands/le-connection.ts";
import { LeExtendedCreateConnection } from "../../src/hci/commands/le-extended-connection.ts";
import {
  LeConnectionComplete,
  LeConnectionUpdateComplete,
  LeDataLengthChange,
  LePhyUpdateComplete,
  LeReadRemoteFeaturesComplete,
} from "../../src/hci/events/le-connection.ts";
import { NumberOfCompletedPackets } from "../../src/hci/events/flow.ts";
import { DisconnectionComplete, ReadRemoteVersionInformationComplete } from "../../src/hci/events/link.ts";
import { airTime, interFrameSpace, payloadWithin } from "../../transports/virtual/air-time.ts";
import { EventPlan } from "../../transports/virtual/event-plan.ts";
import { Phy } from "../../transports/virtual/phy.ts";
import { aclPacket, type RawHost } from "../support/raw-host.ts";
import { enableSet, extendedConnection, makeSet } from "../support/raw-extended.ts";
import { RawPair } from "../support/raw-pair.ts";

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** Interval 7.5 ms, supervision timeout 720 ms. */
const quick = { connectionIntervalMin: 6, connectionIntervalMax: 6 };

const airPair = (a = {}, b = a): RawPair => new RawPair(a, b, { timing: "air" });

/** Sends packets of `size` octets for `ms`, as credits allow; returns how many octets arrived in that time. */
function pour(pair: RawPair, from: RawHost, to: RawHost, handle: number, size: number, ms: number): number {
  const send = (count: number): void => {
    for (let i = 0; i < count; i++) from.transport.send(aclPacket(handle, new Uint8Array(size)));
  };
  from.onPacket = (packet) => {
    if (packet[1] === NumberOfCompletedPackets.code) send(packet[6]! | (packet[7]! << 8));
  };
  let received = 0;
  to.onPacket = (packet) => {
    if (packet[0] === 2) received += packet.length - 5;
  };
  send(12);
  pair.clock.advanceSync(1000); // until it flows
  received = 0;
  pair.clock.advanceSync(ms);
  return received;
}

function settle(pair: RawPair): void {
  pair.clock.advanceSync(1000);
}

describe("air time (Vol 6, Part B, 2.1 and 2.2)", () => {
  const packets: [string, Phy, number, number][] = [
    ["an empty packet on LE 1M", Phy.Le1M, 0, 80],
    ["27 octets on LE 1M", Phy.Le1M, 27, 296],
    ["27 octets and their MIC on LE 1M, the least MaxTxTime", Phy.Le1M, 31, 328],
    ["251 octets on LE 1M", Phy.Le1M, 251, 2088],
    ["251 octets and their MIC on LE 1M", Phy.Le1M, 255, 2120],
    ["an empty packet on LE 2M", Phy.Le2M, 0, 44],
    ["251 octets on LE 2M", Phy.Le2M, 251, 1048],
    ["251 octets and their MIC on LE 2M", Phy.Le2M, 255, 1064],
    ["an empty packet with S=8", Phy.CodedS8, 0, 720],
    ["27 octets and their MIC with S=8", Phy.CodedS8, 31, 2704],
    ["251 octets and their MIC with S=8, the most MaxTxTime", Phy.CodedS8, 255, 17_040],
    ["an empty packet with S=2", Phy.CodedS2, 0, 462],
    ["251 octets and their MIC with S=2", Phy.CodedS2, 255, 4542],
  ];
  it.each(packets)("of %s", (_, phy, payload, time) => {
    expect(airTime(phy, payload)).toBe(time);
    expect(payloadWithin(phy, time)).toBe(payload);
    expect(payloadWithin(phy, time - 1)).toBe(payload - 1);
  });
});

describe("connection events (Vol 6, Part B, 4.5.1)", () => {
  it("begin at their anchor points; the peripheral attends those that its latency leaves", () => {
    const plan = new EventPlan(100, 30, 2);
    expect([plan.anchor(0), plan.anchor(7)]).toEqual([100, 310]);
    expect([plan.eventAt(99), plan.eventAt(100), plan.eventAt(101), plan.eventAt(310)]).toEqual([0, 0, 1, 7]);
    expect(plan.heard(0)).toBe(0);
    plan.hold(0, false);
    expect([1, 2, 3, 4, 7].map((event) => plan.heard(event))).toEqual([3, 3, 3, 6, 9]);
    expect(plan.idle(10)).toBe(3);
    expect([plan.next, plan.attended]).toEqual([10, 9]);
  });

  it("of a subrated connection are one in so many, and those behind data (4.5.1)", () => {
    const plan = new EventPlan(0, 10, 0);
    plan.subrate(4, 2, 1);
    expect([0, 2, 3, 6, 7].map((event) => plan.used(event))).toEqual([2, 2, 6, 6, 10]);
    plan.hold(6, true);
    expect([plan.used(7), plan.used(8)]).toEqual([7, 10]);
    expect(plan.idle(19)).toBe(4); // 7, 10, 14, 18
  });

  it("go on from the anchor point at which the interval changes (5.1.1)", () => {
    const plan = new EventPlan(0, 10, 0);
    plan.change(6, 30, 1);
    expect([plan.anchor(6), plan.anchor(7), plan.eventAt(61)]).toEqual([60, 90, 7]);
  });
});

describe("virtual controller, timing air: throughput", () => {
  it("on LE 2M with 251 octets and 7.5 ms is 5 packets an event, 1.34 Mbit/s", () => {
    const pair = airPair();
    const handles = pair.connect(pair.a, pair.b, quick);
    pair.a.host.ask(LeSetDataLength, { connectionHandle: handles.a, txOctets: 251, txTime: 2120 });
    const phy = { connectionHandle: handles.a, allPhys: 0, txPhys: 2, rxPhys: 2, phyOptions: 0 };
    pair.a.host.ask(LeSetPhy, phy);
    settle(pair);
    expect(pair.a.host.takeOne(LePhyUpdateComplete)).toMatchObject({ txPhy: 2, rxPhy: 2 });
    const exchange = airTime(Phy.Le2M, 251) + interFrameSpace + airTime(Phy.Le2M, 0) + interFrameSpace;
    const anEvent = Math.floor(7500 / exchange);
    expect([exchange, anEvent]).toEqual([1392, 5]);
    const computed = (anEvent * 251 * 8) / 7.5; // kbit/s
    const measured = (pour(pair, pair.a.host, pair.b.host, handles.a, 251, 10_000) * 8) / 10_000;
    expect(computed).toBeCloseTo(1338.7, 1);
    expect(Math.abs(measured / computed - 1)).toBeLessThan(0.02);
    // Notifications of 244 octets have 7 octets of L2CAP and ATT headers with them.
    expect((measured * 244) / 251).toBeGreaterThan(1300 * 0.99);
    expect(pair.a.controller.faults).toEqual([]);
  });

  it("is the same from the peripheral, whose packets are acknowledged an exchange later", () => {
    const pair = airPair();
    const handles = pair.connect(pair.a, pair.b, quick);
    pair.b.host.ask(LeSetDataLength, { connectionHandle: handles.b, txOctets: 251, txTime: 2120 });
    const phy = { connectionHandle: handles.b, allPhys: 0, txPhys: 2, rxPhys: 2, phyOptions: 0 };
    pair.b.host.ask(LeSetPhy, phy);
    settle(pair);
    const measured = (pour(pair, pair.b.host, pair.a.host, handles.b, 251, 10_000) * 8) / 10_000;
    expect(Math.abs(measured / 1338.7 - 1)).toBeLessThan(0.02);
  });

  it("on LE 1M with 27 octets and 7.5 ms is 11 packets an event, 317 kbit/s", () => {
    const pair = airPair({ aclOctets: 27, dataOctets: 27 });
    const handles = pair.connect(pair.a, pair.b, quick);
    const exchange = airTime(Phy.Le1M, 27) + interFrameSpace + airTime(Phy.Le1M, 0) + interFrameSpace;
    const anEvent = Math.floor(7500 / exchange);
    expect([exchange, anEvent]).toEqual([676, 11]);
    const computed = (anEvent * 27 * 8) / 7.5;
    const measured = (pour(pair, pair.a.host, pair.b.host, handles.a, 27, 10_000) * 8) / 10_000;
    expect(Math.abs(measured / computed - 1)).toBeLessThan(0.02);
  });

  it("on LE Coded with S=8 and 27 octets is 2 packets an event of 10 ms", () => {
    const pair = airPair();
    const handles = pair.connect(pair.a, pair.b, { connectionIntervalMin: 8, connectionIntervalMax: 8 });
    const phy = { connectionHandle: handles.a, allPhys: 0, txPhys: 4, rxPhys: 4, phyOptions: 2 };
    pair.a.host.ask(LeSetPhy, phy);
    settle(pair);
    const exchange = airTime(Phy.CodedS8, 27) + interFrameSpace + airTime(Phy.CodedS8, 0) + interFrameSpace;
    const computed = (Math.floor(10_000 / exchange) * 27 * 8) / 10;
    const measured = (pour(pair, pair.a.host, pair.b.host, handles.a, 27, 10_000) * 8) / 10_000;
    expect(Math.abs(measured / computed - 1)).toBeLessThan(0.02);
  });

  it("keeps up with long intervals, for buffers come back within the event", () => {
    const pair = airPair();
    const handles = pair.connect(pair.a, pair.b, { connectionIntervalMin: 80, connectionIntervalMax: 80 });
    const measured = (pour(pair, pair.a.host, pair.b.host, handles.a, 27, 10_000) * 8) / 10_000;
    const computed = (Math.floor(100_000 / 676) * 27 * 8) / 100;
    expect(Math.abs(measured / computed - 1)).toBeLessThan(0.02);
  });

  it("is what the longest connection event leaves (Vol 4, Part E, 7.8.18)", () => {
    const pair = airPair();
    const handles = pair.connect(pair.a, pair.b, quick);
    pair.a.host.ask(LeConnectionUpdate, {
      connectionHandle: handles.a,
      connectionIntervalMin: 8,
      connectionIntervalMax: 8,
      maxLatency: 0,
      supervisionTimeout: 100,
      minCeLength: 0,
      maxCeLength: 4, // 2.5 ms: three exchanges of 676 µs
    });
    settle(pair);
    const measured = (pour(pair, pair.a.host, pair.b.host, handles.a, 27, 10_000) * 8) / 10_000;
    expect(Math.abs(measured / ((3 * 27 * 8) / 10) - 1)).toBeLessThan(0.02);
  });

  it("is that from the beginning, when the connection was made with it (Vol 4, Part E, 7.8.12 and 7.8.66)", () => {
    const interval = { connectionIntervalMin: 8, connectionIntervalMax: 8 };
    const legacy = airPair();
    const a = legacy.connect(legacy.a, legacy.b, { ...interval, maxCeLength: 4 }).a;
    const measured = (pour(legacy, legacy.a.host, legacy.b.host, a, 27, 10_000) * 8) / 10_000;
    expect(Math.abs(measured / ((3 * 27 * 8) / 10) - 1)).toBeLessThan(0.02);
    const extended = airPair();
    makeSet(extended.b.host, { advertisingEventProperties: 0x13 });
    enableSet(extended.b.host);
    const [phy] = extendedConnection.initiatingPhys;
    const initiatingPhys = [{ ...phy!, connectionIntervalMin: 8, connectionIntervalMax: 8, maxCeLength: 4 }];
    const goal = { ...extendedConnection, initiatingPhys, peerAddress: extended.b.address };
    extended.a.host.ask(LeExtendedCreateConnection, goal);
    settle(extended);
    const { connectionHandle } = extended.a.host.takeOne(LeConnectionComplete);
    const again =
      (pour(extended, extended.a.host, extended.b.host, connectionHandle, 27, 10_000) * 8) / 10_000;
    expect(Math.abs(again / ((3 * 27 * 8) / 10) - 1)).toBeLessThan(0.02);
  });
});

describe("virtual controller, timing air: latency", () => {
  it("is up to one interval and the packet, and the credit comes with the acknowledgement", () => {
    const pair = airPair();
    const handles = pair.connect(pair.a, pair.b, { connectionIntervalMin: 40, connectionIntervalMax: 40 });
    pair.clock.advanceSync(1000);
    const times: number[] = [];
    const credits: number[] = [];
    pair.b.host.onPacket = () => times.push(pair.clock.now());
    pair.a.host.onPacket = () => credits.push(pair.clock.now());
    for (let i = 0; i < 20; i++) {
      const at = pair.clock.now();
      pair.a.host.transport.send(aclPacket(handles.a, octets(1, 2, 3)));
      pair.clock.advanceSync(57);
      const latency = times.at(-1)! - at;
      // 13 octets of 8 µs, T_IFS and the empty packet that answers.
      expect(latency).toBeGreaterThan(0.3);
      expect(latency).toBeLessThanOrEqual(50.4);
      expect(credits).toHaveLength(i + 1);
    }
    expect(
      Math.max(...times.map((time) => time % 50)) - Math.min(...times.map((time) => time % 50)),
    ).toBeLessThan(0.01);
  });

  it("is longer for a peripheral that sleeps, but not from it (Vol 6, Part B, 4.5.1)", () => {
    const pair = airPair();
    const handles = pair.connect(pair.a, pair.b, { ...quick, maxLatency: 9, supervisionTimeout: 100 });
    pair.clock.advanceSync(1000);
    const arrive = (from: RawHost, to: RawHost, handle: number): number => {
      const at = pair.clock.now();
      let arrived = 0;
      to.onPacket = (packet) => {
        if (packet[0] === 2) arrived = pair.clock.now();
      };
      from.transport.send(aclPacket(handle, octets(1)));
      pair.clock.advanceSync(200);
      return arrived - at;
    };
    const down = Array.from({ length: 10 }, () => arrive(pair.a.host, pair.b.host, handles.a));
    expect(Math.max(...down)).toBeGreaterThan(30);
    expect(Math.max(...down)).toBeLessThanOrEqual(75.4);
    const up = Array.from({ length: 10 }, () => arrive(pair.b.host, pair.a.host, handles.b));
    expect(Math.max(...up)).toBeLessThanOrEqual(7.9);
  });

  it("comes cut by the data length, each part a packet for the host (Vol 6, Part B, 4.5.10)", () => {
    const pair = airPair();
    const handles = pair.connect(pair.a, pair.b, quick);
    const payload = Uint8Array.from({ length: 60 }, (_, i) => i);
    pair.a.host.sendData(handles.a, payload);
    pair.clock.advanceSync(20);
    expect(pair.b.host.data).toEqual([
      aclPacket(handles.b, payload.subarray(0, 27), 0b10),
      aclPacket(handles.b, payload.subarray(27, 54), 0b01),
      aclPacket(handles.b, payload.subarray(54), 0b01),
    ]);
    expect(pair.a.host.takeCompleted(handles.a)).toBe(1);
  });

  it("is of procedures too: they take events, one after the other", () => {
    const pair = airPair();
    const handles = pair.connect(pair.a, pair.b, { connectionIntervalMin: 80, connectionIntervalMax: 80 });
    pair.a.host.ask(ReadRemoteVersionInformation, { connectionHandle: handles.a });
    pair.a.host.ask(LeReadRemoteFeatures, { connectionHandle: handles.a });
    expect(pair.a.host.events).toEqual([]);
    pair.clock.advanceSync(250);
    expect(pair.a.host.take(ReadRemoteVersionInformationComplete)).toHaveLength(1);
    expect(pair.a.host.take(LeReadRemoteFeaturesComplete)).toEqual([]);
    pair.clock.advanceSync(250);
    expect(pair.a.host.take(LeReadRemoteFeaturesComplete)).toHaveLength(1);
  });

  it("of a connection update is at least six events, at the old interval (Vol 6, Part B, 5.1.1 and 5.5)", () => {
    const pair = airPair();
    const handles = pair.connect(pair.a, pair.b, { connectionIntervalMin: 80, connectionIntervalMax: 80 });
    settle(pair);
    const wish = { maxLatency: 0, supervisionTimeout: 200, minCeLength: 0, maxCeLength: 0 };
    pair.a.host.ask(LeConnectionUpdate, {
      connectionHandle: handles.a,
      connectionIntervalMin: 8,
      connectionIntervalMax: 8,
      ...wish,
    });
    pair.clock.advanceSync(590);
    expect(pair.a.host.events).toEqual([]);
    pair.clock.advanceSync(120);
    for (const { host } of [pair.a, pair.b]) {
      expect(host.takeOne(LeConnectionUpdateComplete)).toMatchObject({ status: 0, connectionInterval: 8 });
    }
    const before = pair.a.controller.counters.connectionEvents;
    pair.clock.advanceSync(1000);
    expect(pair.a.controller.counters.connectionEvents - before).toBe(100);
  });

  it("of a disconnection lets data go first that was sent before", () => {
    const pair = airPair();
    const handles = pair.connect();
    for (let i = 0; i < 5; i++) pair.a.host.transport.send(aclPacket(handles.a, octets(i)));
    pair.a.host.ask(Disconnect, { connectionHandle: handles.a, reason: 0x13 });
    expect(pair.a.host.take(DisconnectionComplete)).toEqual([]);
    settle(pair);
    expect(pair.b.host.data).toHaveLength(5);
    expect(pair.a.host.takeOne(DisconnectionComplete).reason).toBe(0x16);
    expect(pair.b.host.takeOne(DisconnectionComplete).reason).toBe(0x13);
    expect(pair.clock.timers).toBe(0);
  });

  it("is of data length and PHY, from either end (Vol 6, Part B, 5.1.9 and 5.1.10)", () => {
    const pair = airPair();
    const handles = pair.connect();
    pair.b.host.ask(LeSetDataLength, { connectionHandle: handles.b, txOctets: 251, txTime: 2120 });
    pair.b.host.ask(LeSetPhy, {
      connectionHandle: handles.b,
      allPhys: 0,
      txPhys: 2,
      rxPhys: 1,
      phyOptions: 0,
    });
    expect([...pair.a.host.events, ...pair.b.host.events]).toEqual([]);
    settle(pair);
    expect(pair.b.host.takeOne(LeDataLengthChange)).toMatchObject({ maxTxOctets: 251, maxRxOctets: 27 });
    expect(pair.b.host.takeOne(LePhyUpdateComplete)).toMatchObject({ status: 0, txPhy: 2, rxPhy: 1 });
    expect(pair.a.host.takeOne(LePhyUpdateComplete)).toMatchObject({ status: 0, txPhy: 1, rxPhy: 2 });
  });
});

describe("virtual controller, timing air: idle links", () => {
  it("need no timer, yet their events are counted", () => {
    const pair = airPair();
    pair.connect(pair.a, pair.b, { connectionIntervalMin: 40, connectionIntervalMax: 40 });
    settle(pair);
    expect(pair.clock.timers).toBe(0);
    const before = pair.air.counters;
    pair.clock.advanceSync(60_000);
    const after = pair.air.counters;
    expect(after.connectionEvents - before.connectionEvents).toBe(2 * 1200);
    expect(after.packets - before.packets).toBe(2 * 1200);
    expect(after.retransmissions).toBe(0);
  });
});
