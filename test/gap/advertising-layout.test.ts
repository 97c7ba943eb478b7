import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, toHex } from "../../src/common/bytes.ts";
import { AdType } from "../../src/gap/ad-type.ts";
import { decodeAdvertisingData } from "../../src/gap/advertising-data.ts";
import type { AdvertisingDataInput } from "../../src/gap/advertising-fields.ts";
import { type AdvertisingRoom, layOutAdvertising } from "../../src/gap/advertising-layout.ts";
import { runs } from "../support/runs.ts";

const legacy: AdvertisingRoom = { advertising: 31, scanResponse: 31 };

/** Lays out and takes apart again. */
function laidOut(input: AdvertisingDataInput, room: AdvertisingRoom = legacy) {
  const { advertisingData, scanResponseData } = layOutAdvertising(input, room);
  expect(advertisingData.length).toBeLessThanOrEqual(room.advertising);
  expect(scanResponseData.length).toBeLessThanOrEqual(room.scanResponse);
  const [advertising, scanResponse] = [
    decodeAdvertisingData(advertisingData),
    decodeAdvertisingData(scanResponseData),
  ];
  const types = [advertising, scanResponse].map(({ structures }) => structures.map(({ type }) => type));
  return { advertising, scanResponse, types };
}

describe("Laying out advertising data and scan response data", () => {
  it("puts flags, services and the name into the advertising data while there is room", () => {
    const input = { flags: 6, serviceUuids: ["180d"], localName: "jelling" };
    expect(toHex(layOutAdvertising(input, legacy).advertisingData)).toBe("02010603030d1808096a656c6c696e67");
    expect(layOutAdvertising(input, legacy).scanResponseData).toHaveLength(0);
  });

  it("moves a name that has no room to the scan response, whole", () => {
    const { types, scanResponse } = laidOut({
      flags: 6,
      serviceUuids: ["6e400001-b5a3-f393-e0a9-e50e24dcca9e"],
      localName: "a heart rate belt",
    });
    expect(types).toEqual([[AdType.Flags, AdType.CompleteServiceUuids128], [AdType.CompleteLocalName]]);
    expect(scanResponse.localName).toBe("a heart rate belt");
  });

  it("keeps the name in the advertising data and moves what comes after it", () => {
    const { types } = laidOut({
      flags: 6,
      localName: "a heart rate belt",
      manufacturerData: [{ companyId: 0xffff, data: new Uint8Array(10) }],
    });
    expect(types).toEqual([[AdType.Flags, AdType.CompleteLocalName], [AdType.ManufacturerSpecificData]]);
  });

  it("shortens a name that fits neither, where there is more room and between characters", () => {
    const { scanResponse } = laidOut({
      flags: 6,
      serviceUuids: ["180d"],
      localName: `${"x".repeat(28)}é and more`,
    });
    expect(scanResponse.localName).toBe("x".repeat(28));
    expect(scanResponse.localNameShortened).toBe(true);
    const { advertising } = laidOut(
      { flags: 6, localName: "x".repeat(50) },
      { advertising: 31, scanResponse: 0 },
    );
    expect([advertising.localName, advertising.localNameShortened]).toEqual(["x".repeat(26), true]);
  });

  it("shortens the name before it gives up anything else", () => {
    const input = {
      flags: 6,
      localName: "x".repeat(20),
      manufacturerData: [
        { companyId: 1, data: new Uint8Array(20) },
        { companyId: 2, data: new Uint8Array(20) },
      ],
    };
    const { advertising, scanResponse } = laidOut(input);
    expect([...advertising.manufacturerData, ...scanResponse.manufacturerData]).toHaveLength(2);
    expect(scanResponse.localName).toBe("x".repeat(5));
  });

  it("finds the one way in which everything fits", () => {
    const data = (size: number) => ({ companyId: 1, data: new Uint8Array(size - 4) });
    const { advertising, scanResponse } = laidOut({
      manufacturerData: [data(10), data(20), data(11), data(21)],
    });
    const sizes = [advertising, scanResponse].map(({ structures }) =>
      structures.map((one) => one.data.length + 2),
    );
    expect(sizes).toEqual([
      [10, 21],
      [20, 11],
    ]);
  });

  it("never puts the flags into the scan response (Supplement to the Core Specification, Part A, 1.3)", () => {
    expect(() => laidOut({ flags: 6 }, { advertising: 2, scanResponse: 31 })).toThrow(
      /^flags takes 3 octets/,
    );
  });

  it("names what fits nowhere", () => {
    const input = {
      flags: 6,
      serviceUuids: ["180d"],
      manufacturerData: [{ companyId: 1, data: new Uint8Array(30) }],
    };
    expect(() => laidOut(input)).toThrow(/^manufacturerData takes 34 octets/);
    expect(() => laidOut({ localName: "x" }, { advertising: 2, scanResponse: 0 })).toThrow(/^localName fits/);
    expect(() => laidOut({ localName: "é" }, { advertising: 3, scanResponse: 0 })).toThrow(/^localName fits/);
  });

  it("either says everything, with the name or its beginning, or throws RangeError", () => {
    const data = fc.uint8Array({ maxLength: 27 });
    const input = fc.record({
      flags: fc.constant(6),
      serviceUuids: fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }),
      localName: fc
        .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
        .map((text) => text.replaceAll("\0", "0")),
      manufacturerData: fc.array(fc.record({ companyId: fc.constant(1), data }), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(input, (fields) => {
        let layout;
        try {
          layout = layOutAdvertising(fields, legacy);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        const { advertisingData, scanResponseData } = layout;
        const all = decodeAdvertisingData(concat(advertisingData, scanResponseData));
        expect(all.truncated).toBe(false);
        expect(all.flags).toBe(6);
        expect(all.serviceUuids.map(({ short }) => short)).toEqual(fields.serviceUuids);
        const payloads = (entries: readonly { data: Uint8Array }[]): string[] =>
          entries.map((entry) => toHex(entry.data)).sort();
        expect(payloads(all.manufacturerData)).toEqual(payloads(fields.manufacturerData));
        const { localName = "", localNameShortened = false } = all;
        expect(localName).not.toBe("");
        expect(
          localNameShortened ? fields.localName.startsWith(localName) : fields.localName === localName,
        ).toBe(true);
      }),
      runs,
    );
  });
});
