import { describe, expect, it } from "vitest";
import { LeSetAdvertisingEnable, LeSetAdvertisingParameters } from "../../src/hci/commands/le-advertising.ts";
import { LeCreateConnection } from "../../src/hci/commands/le-connection.ts";
import { LeExtendedCreateConnection } from "../../src/hci/commands/le-extended-connection.ts";
import { LeSetScanEnable, LeSetScanParameters } from "../../src/hci/commands/le-scanning.ts";
import { LeConnectionComplete } from "../../src/hci/events/le-connection.ts";
import { type LinkLayerRecord, readCapture } from "../../transports/capture/index.ts";
import type { VirtualAirOptions } from "../../transports/virtual/index.ts";
import { enableSet, extendedConnection, makeSet } from "../support/raw-extended.ts";
import { connection, advertising, RawPair } from "../support/raw-pair.ts";

const timings: readonly VirtualAirOptions[] = [{ timing: "instant" }, { timing: "air" }];

const scanning = {
  scanType: 1,
  scanInterval: 0x0010,
  scanWindow: 0x0010,
  ownAddressType: 0,
  scanningFilterPolicy: 0,
};

/** What a capture has of `happens`, in the order of the file. */
function recorded(timing: VirtualAirOptions, happens: (pair: RawPair) => void): LinkLayerRecord[] {
  const pair = new RawPair({}, {}, timing);
  const parts: Uint8Array[] = [];
  const capture = pair.air.capture((octets) => parts.push(octets));
  happens(pair);
  capture[Symbol.dispose]();
  expect(pair.clock.timers).toBeGreaterThanOrEqual(0);
  return [...readCapture(Buffer.concat(parts))].filter((record) => record.kind === "linkLayer");
}

/** PDU types of the packets on the advertising channels. */
const types = (records: readonly LinkLayerRecord[]): number[] =>
  records.filter(({ accessAddress }) => accessAddress === 0x8e89bed6).map(({ packet }) => packet[4]! & 15);

describe.each(timings)("a capture of the air, timing $timing", (timing) => {
  const scan = (pair: RawPair): void => {
    pair.b.host.ask(LeSetAdvertisingParameters, advertising);
    pair.b.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    pair.a.host.ask(LeSetScanParameters, scanning);
    pair.a.host.ask(LeSetScanEnable, { enable: true, filterDuplicates: false });
    pair.clock.advanceSync(1000);
    pair.a.host.ask(LeSetScanEnable, { enable: false, filterDuplicates: false });
    pair.clock.advanceSync(100);
  };

  it("has SCAN_REQ and SCAN_RSP behind the packet that was heard, before those on later channels (Vol 6, Part B, 4.4.3.2)", () => {
    const records = recorded(timing, scan);
    const kinds = types(records);
    const [advInd, scanRequest, scanResponse] = [0, 3, 4];
    expect(kinds).toContain(scanRequest);
    kinds.forEach((kind, at) => {
      if (kind === scanRequest) {
        expect([kinds[at - 1], kinds[at + 1]]).toEqual([advInd, scanResponse]);
        const channels = [-1, 0, 1].map((step) => records[at + step]!.channel);
        expect(new Set(channels).size, "one channel").toBe(1);
      }
    });
    const channels = records.flatMap(({ channel }, at) => (kinds[at] === advInd ? [channel] : []));
    expect(channels.slice(0, 6)).toEqual([37, 38, 39, 37, 38, 39]);
  });

  it("is in the order of its times", () => {
    const times = recorded(timing, (pair) => {
      scan(pair);
      pair.b.host.ask(LeSetAdvertisingEnable, { advertisingEnable: false });
      const { a, b } = pair.connect();
      for (let i = 0; i < 5; i++) {
        pair.a.host.sendData(a, new Uint8Array(27));
        pair.b.host.sendData(b, new Uint8Array(27));
      }
      const other = pair.station();
      pair.connect(pair.a, other);
      pair.clock.advanceSync(500);
    }).map(({ timestampMicroseconds }) => timestampMicroseconds);
    expect(times.length).toBeGreaterThan(40);
    expect(times).toEqual(times.toSorted((x, y) => x - y));
  });

  it("has no packet of the advertising event behind CONNECT_IND, which has the channel of what was heard (4.4.2.4)", () => {
    const records = recorded(timing, (pair) => {
      pair.b.host.ask(LeSetAdvertisingParameters, advertising);
      pair.b.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
      pair.a.host.ask(LeCreateConnection, { ...connection, peerAddress: pair.b.address });
      pair.clock.advanceSync(300);
      expect(pair.a.host.takeOne(LeConnectionComplete).status).toBe(0);
    });
    const kinds = types(records);
    const at = kinds.indexOf(5);
    expect(kinds.slice(at + 1)).toEqual([]);
    expect(kinds[at - 1]).toBe(0);
    expect(records[at]!.channel).toBe(records[at - 1]!.channel);
    if (timing.timing !== "air") return;
    // ADV_IND without data is 16 octets of 8 µs, and the space behind it 150 µs.
    const [adv, request] = [records[at - 1]!, records[at]!];
    expect(request.timestampMicroseconds - adv.timestampMicroseconds).toBe(128 + 150);
    const first = records[at + 1]!;
    expect(first.direction).toBe("centralToPeripheral");
    expect(first.timestampMicroseconds - request.timestampMicroseconds).toBe(352 + 1250);
  });

  it("has AUX_CONNECT_RSP behind AUX_CONNECT_REQ (2.3.3.2)", () => {
    const records = recorded(timing, (pair) => {
      makeSet(pair.b.host, { advertisingEventProperties: 0x01 });
      enableSet(pair.b.host);
      pair.a.host.ask(LeExtendedCreateConnection, { ...extendedConnection, peerAddress: pair.b.address });
      pair.clock.advanceSync(300);
      expect(pair.a.host.takeOne(LeConnectionComplete).status).toBe(0);
    });
    expect(types(records).slice(-3)).toEqual([7, 5, 8]);
    if (timing.timing !== "air") return;
    const [auxiliary, request, response, first] = records.slice(types(records).length - 3);
    const from = (one: LinkLayerRecord, two: LinkLayerRecord): number =>
      two.timestampMicroseconds - one.timestampMicroseconds;
    expect(from(auxiliary!, request!)).toBe((auxiliary!.packet.length + 1) * 8 + 150);
    expect(from(request!, response!)).toBe(352 + 150);
    expect(from(request!, first!)).toBe(352 + 2500);
  });
});

describe("a capture of the air", () => {
  it("leaves no timer when it ends, nor when the air does", async () => {
    for (const ends of ["capture", "air"] as const) {
      const pair = new RawPair({}, {}, { timing: "air" });
      const parts: Uint8Array[] = [];
      const capture = pair.air.capture((octets) => parts.push(octets));
      pair.connect();
      pair.clock.advanceSync(100);
      if (ends === "capture") capture[Symbol.dispose]();
      await pair.clock.until(pair.air[Symbol.asyncDispose]());
      expect(pair.clock.timers).toBe(0);
      const count = parts.length;
      expect(count).toBeGreaterThan(3);
      capture[Symbol.dispose]();
      expect(parts).toHaveLength(count);
    }
  });
});
