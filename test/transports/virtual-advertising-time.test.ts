import { describe, expect, it } from "vitest";
import {
  LeSetAdvertisingData,
  LeSetAdvertisingEnable,
  LeSetAdvertisingParameters,
} from "../../src/hci/commands/le-advertising.ts";
import { LeCreateConnection } from "../../src/hci/commands/le-connection.ts";
import { LeSetScanEnable, LeSetScanParameters } from "../../src/hci/commands/le-scanning.ts";
import { LeAdvertisingReport } from "../../src/hci/events/le-advertising.ts";
import { LeConnectionComplete } from "../../src/hci/events/le-connection.ts";
import { advertising, connection, RawPair, type RawStation } from "../support/raw-pair.ts";

const scanning = {
  scanType: 0,
  scanInterval: 16,
  scanWindow: 16,
  ownAddressType: 0,
  scanningFilterPolicy: 0,
};

function advertise({ host }: RawStation, changes: Partial<typeof advertising> = {}): void {
  host.ask(LeSetAdvertisingData, { advertisingData: Uint8Array.of(2, 1, 6) });
  host.ask(LeSetAdvertisingParameters, { ...advertising, ...changes });
  host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
}

function scan({ host }: RawStation, changes: Partial<typeof scanning> = {}): void {
  host.ask(LeSetScanParameters, { ...scanning, ...changes });
  host.ask(LeSetScanEnable, { enable: true, filterDuplicates: false });
}

/** When reports came in the next `ms`, to 0.1 ms. */
function reportTimes({ a, clock }: RawPair, ms: number): number[] {
  const times: number[] = [];
  const end = clock.now() + ms;
  a.host.onPacket = (packet) => {
    if (packet[1] === 0x3e && packet[3] === LeAdvertisingReport.subevent) times.push(clock.now());
  };
  clock.advanceSync(end - clock.now());
  return times;
}

describe("virtual controller: advertising in time (Vol 6, Part B, 4.4.2.2.1 and 4.4.3)", () => {
  it("events are an interval and 0 to 10 ms apart", () => {
    const pair = new RawPair({}, {}, { timing: "air" });
    advertise(pair.b);
    scan(pair.a, { scanInterval: 0x4000, scanWindow: 0x4000 });
    const times = reportTimes(pair, 10_000);
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(gaps.length).toBeGreaterThan(90);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...gaps)).toBeLessThan(110);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    expect(mean).toBeGreaterThan(104);
    expect(mean).toBeLessThan(106);
  });

  it("high duty cycle events have no delay", () => {
    const pair = new RawPair({}, {}, { timing: "air" });
    advertise(pair.b, { advertisingType: 1, peerAddress: pair.a.address });
    scan(pair.a);
    const times = reportTimes(pair, 1000);
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(Math.min(...gaps)).toBeCloseTo(3.75, 6);
  });

  it("a scanner hears what falls into its windows and nothing else", () => {
    const count = (scanWindow: number): number => {
      const pair = new RawPair({}, {}, { timing: "air" });
      advertise(pair.b, { advertisingIntervalMin: 0x20, advertisingIntervalMax: 0x20, advertisingType: 3 });
      scan(pair.a, { scanInterval: 160, scanWindow });
      return reportTimes(pair, 100_000).length;
    };
    // 20 ms and 5 ms on the average: 4000 events.
    const all = count(160);
    expect(all).toBeGreaterThan(3800);
    expect(all).toBeLessThan(4100);
    const tenth = count(16);
    // A window of 10 ms in 100: a tenth, and less what begins in the window and ends outside.
    expect(tenth / all).toBeGreaterThan(0.08);
    expect(tenth / all).toBeLessThan(0.13);
  });

  it("a scanner hears one channel in each interval, so that an advertiser on one channel is heard in a third", () => {
    const pair = new RawPair({}, {}, { timing: "air" });
    const changes = { advertisingIntervalMin: 0x20, advertisingIntervalMax: 0x20, advertisingType: 3 };
    advertise(pair.b, { ...changes, advertisingChannelMap: 0b010 });
    scan(pair.a, { scanInterval: 160, scanWindow: 160 });
    for (const time of reportTimes(pair, 10_000)) expect(Math.floor(time / 100) % 3).toBe(1);
  });

  it("an initiator connects when a window meets an event, at the clock's time", () => {
    const { a, b, clock } = new RawPair({}, {}, { timing: "air" });
    advertise(b);
    a.host.ask(LeCreateConnection, { ...connection, peerAddress: b.address });
    expect(a.host.take(LeConnectionComplete)).toEqual([]);
    clock.advanceSync(250);
    expect(a.host.takeOne(LeConnectionComplete)).toMatchObject({ status: 0 });
  });

  it("two airs with one seed have the same events at the same times, and with another seed others", () => {
    const run = (seed: number): number[] => {
      const pair = new RawPair({}, {}, { timing: "air", seed });
      advertise(pair.b);
      scan(pair.a);
      return reportTimes(pair, 2000);
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });
});

describe("virtual controller: advertising in space (Vol 6, Part A, 4.1)", () => {
  it("is not heard out of range, and is weaker the farther away", () => {
    const pair = new RawPair();
    const { a, b, air } = pair;
    advertise(b);
    for (const [loss, rssi] of [
      [60, -60],
      [95, -95],
      [96, undefined],
    ] as const) {
      air.setPathLoss(a.controller, b.controller, loss);
      scan(a);
      expect(a.host.take(LeAdvertisingReport).flatMap(({ reports }) => reports)[0]?.rssi).toBe(rssi);
      a.host.ask(LeSetScanEnable, { enable: false, filterDuplicates: false });
    }
  });

  it("is lost with the probability that packets are", () => {
    const pair = new RawPair();
    pair.air.setLoss(0.5);
    advertise(pair.b, { advertisingType: 3 });
    scan(pair.a);
    const { length } = reportTimes(pair, 100_000);
    expect(length).toBeGreaterThan(400);
    expect(length).toBeLessThan(600);
  });
});

describe("virtual controller: many advertisers", () => {
  it("two hundred of them and three scanners cost little", () => {
    const pair = new RawPair({}, {}, { timing: "air" });
    const advertisers = Array.from({ length: 200 }, () => pair.station());
    const scanners = [pair.a, pair.b, pair.station()];
    for (const station of advertisers) advertise(station, { advertisingType: 3 });
    for (const station of scanners) {
      station.host.ask(LeSetScanParameters, scanning);
      station.host.ask(LeSetScanEnable, { enable: true, filterDuplicates: true });
    }
    pair.clock.advanceSync(60_000);
    for (const { host } of scanners) {
      const heard = host
        .take(LeAdvertisingReport)
        .flatMap(({ reports }) => reports.map(({ address }) => address));
      expect(new Set(heard).size).toBe(200);
      expect(heard).toHaveLength(200);
    }
  });
});
