import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHeartRate, encodeHeartRate } from "../../cli/demo/heart-rate.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { runs } from "../support/runs.ts";

const nothingElse = { contact: undefined, energyExpended: undefined, rrIntervals: [] };
const u16 = fc.integer({ min: 0, max: 0xffff });
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

describe("Heart Rate Measurement (Heart Rate Service, 3.1)", () => {
  it.each([
    ["a rate of 8 bits", "00 48", { ...nothingElse, beatsPerMinute: 72 }],
    ["a rate of 16 bits", "01 2c01", { ...nothingElse, beatsPerMinute: 300 }],
    ["contact", "06 48", { ...nothingElse, beatsPerMinute: 72, contact: true }],
    ["no contact", "04 48", { ...nothingElse, beatsPerMinute: 72, contact: false }],
    ["Energy Expended", "08 48 9001", { ...nothingElse, beatsPerMinute: 72, energyExpended: 400 }],
    [
      "RR-Intervals",
      "10 42 1804 7001",
      { ...nothingElse, beatsPerMinute: 66, rrIntervals: [0x0418, 0x0170] },
    ],
    [
      "everything at once",
      "1f 2c01 0700 cd00 cc00",
      { beatsPerMinute: 300, contact: true, energyExpended: 7, rrIntervals: [205, 204] },
    ],
  ])("%s: %s", (_name, hex, measurement) => {
    expect(decodeHeartRate(fromHex(hex))).toEqual(measurement);
    expect(toHex(encodeHeartRate(measurement))).toBe(hex.replaceAll(" ", ""));
  });

  it.each([
    [
      "contact detected by a sensor that has no such feature",
      "02 48",
      { ...nothingElse, beatsPerMinute: 72 },
    ],
    ["reserved flags", "e0 48", { ...nothingElse, beatsPerMinute: 72 }],
    ["a small rate in 16 bits", "01 4800", { ...nothingElse, beatsPerMinute: 72 }],
  ])("takes %s: %s", (_name, hex, measurement) => {
    expect(decodeHeartRate(fromHex(hex))).toEqual(measurement);
  });

  it.each([
    ["nothing", ""],
    ["no rate", "00"],
    ["half a rate", "01 48"],
    ["half of Energy Expended", "08 48 90"],
    ["half an RR-Interval", "10 48 1804 70"],
    ["more than the flags say", "00 48 00"],
  ])("refuses %s: %s", (_name, hex) => {
    expect(() => decodeHeartRate(fromHex(hex))).toThrow(MalformedPduError);
  });

  it("decodes what it encodes", () => {
    fc.assert(
      fc.property(
        fc.record({
          beatsPerMinute: u16,
          contact: optional(fc.boolean()),
          energyExpended: optional(u16),
          rrIntervals: fc.array(u16, { maxLength: 9 }),
        }),
        (measurement) => {
          expect(decodeHeartRate(encodeHeartRate(measurement))).toEqual(measurement);
        },
      ),
      runs,
    );
  });

  it("any octets either decode or are malformed, nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (octets) => {
        try {
          decodeHeartRate(octets);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPduError);
        }
      }),
      runs,
    );
  });
});
