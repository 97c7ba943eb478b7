import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedPduError } from "../../src/common/errors.ts";
import * as profiles from "../../src/profiles/index.ts";
import { type CharacteristicType, DescriptorType, type ValueCodec } from "../../src/profiles/index.ts";
import { CharacteristicType as Type } from "../../src/gatt/define-characteristic.ts";
import { runs } from "../support/runs.ts";

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const i16 = fc.integer({ min: -0x8000, max: 0x7fff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const ticks = (perSecond: number): fc.Arbitrary<number> => u16.map((tick) => (tick * 1000) / perSecond);
const revolutions = (count: fc.Arbitrary<number>, perSecond: number): fc.Arbitrary<profiles.Revolutions> =>
  fc.record({ count, lastEventTime: ticks(perSecond) });
const extremes = (of: fc.Arbitrary<number>): fc.Arbitrary<profiles.Extremes> =>
  fc.record({ maximum: of, minimum: of });

/** Values of a kind of characteristic. */
type Kind = readonly [name: string, codec: ValueCodec<unknown>, values: fc.Arbitrary<unknown>];

function kind<T>(name: string, { codec }: CharacteristicType<T>, values: fc.Arbitrary<T>): Kind {
  return [name, codec, values];
}

const kinds: readonly Kind[] = [
  kind(
    "Heart Rate Measurement",
    profiles.heartRateMeasurement,
    fc.record(
      { beatsPerMinute: u16, contact: fc.boolean(), energyExpended: u16, rrIntervals: fc.array(ticks(1024)) },
      { requiredKeys: ["beatsPerMinute"] },
    ),
  ),
  kind(
    "CSC Measurement",
    profiles.cscMeasurement,
    fc.record({ wheel: revolutions(u32, 1024), crank: revolutions(u16, 1024) }, { requiredKeys: [] }),
  ),
  kind(
    "Cycling Power Measurement",
    profiles.cyclingPowerMeasurement,
    fc.record(
      {
        power: i16,
        pedalPowerBalance: u8.map((half) => half / 2),
        balanceOfLeft: fc.boolean(),
        accumulatedTorque: u16.map((part) => part / 32),
        torqueAtCrank: fc.boolean(),
        wheel: revolutions(u32, 2048),
        crank: revolutions(u16, 1024),
        forceMagnitudes: extremes(i16),
        torqueMagnitudes: extremes(i16.map((part) => part / 32)),
        extremeAngles: extremes(fc.integer({ min: 0, max: 0xfff })),
        topDeadSpotAngle: u16,
        bottomDeadSpotAngle: u16,
        accumulatedEnergy: u16,
        offsetCompensated: fc.boolean(),
      },
      { requiredKeys: ["power", "balanceOfLeft", "torqueAtCrank", "offsetCompensated"] },
    ),
  ),
  kind(
    "Temperature",
    profiles.temperature,
    fc.integer({ min: -32_767, max: 32_767 }).map((hundredth) => hundredth / 100),
  ),
  kind(
    "Pressure",
    profiles.pressure,
    u32.map((tenth) => tenth / 10),
  ),
  kind(
    "Serial Number String",
    profiles.serialNumber,
    fc.string({ unit: "grapheme" }).filter((text) => !text.endsWith("\0")),
  ),
  kind(
    "System ID",
    profiles.systemId,
    fc.record({
      manufacturerIdentifier: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
      organizationallyUniqueIdentifier: fc.integer({ min: 0, max: 0xff_ffff }),
    }),
  ),
  kind(
    "Current Time",
    profiles.currentTime,
    fc.record({
      year: fc.integer({ min: 0, max: 9999 }),
      month: fc.integer({ min: 0, max: 12 }),
      day: fc.integer({ min: 0, max: 31 }),
      hours: fc.integer({ min: 0, max: 23 }),
      minutes: fc.integer({ min: 0, max: 59 }),
      seconds: fc.integer({ min: 0, max: 59 }),
      dayOfWeek: fc.integer({ min: 0, max: 7 }),
      milliseconds: u8.map((part) => (part * 1000) / 256),
      adjustReasons: fc.subarray<profiles.AdjustReason>([
        "manual",
        "externalReference",
        "timeZone",
        "daylightSavingTime",
      ]),
    }),
  ),
  kind(
    "Boot Keyboard Input Report",
    profiles.bootKeyboardInput,
    fc.record({
      modifiers: fc.subarray<profiles.KeyboardModifier>([
        "leftControl",
        "leftShift",
        "rightAlt",
        "rightMeta",
      ]),
      keys: fc.array(fc.integer({ min: 1, max: 0xff }), { maxLength: 6 }),
    }),
  ),
];

describe("Values of the profiles", () => {
  it.each(kinds)("%s: decode what they encode", (_name, codec, values) => {
    fc.assert(
      fc.property(values, (value) => {
        expect(codec.decode(codec.encode(value))).toEqual(value);
      }),
      runs,
    );
  });

  const all = Object.entries<unknown>(profiles).flatMap(([name, each]) =>
    each instanceof Type || each instanceof DescriptorType
      ? [[name, each.codec as ValueCodec<unknown>] as const]
      : [],
  );

  it("are known here, all of them", () => {
    expect(all.map(([name]) => name)).toEqual(
      expect.arrayContaining(["batteryLevel", "reportReference", "pnpId"]),
    );
    expect(all.length).toBeGreaterThan(35);
  });

  it.each(all)(
    "%s: any octets decode or are malformed, and what they decode to is encoded",
    (_name, codec) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
          let value: unknown;
          try {
            value = codec.decode(octets);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedPduError);
            return;
          }
          expect(codec.decode(codec.encode(value))).toEqual(value);
        }),
        runs,
      );
    },
  );
});

describe("Medical floating-point numbers", () => {
  it.each([
    ["SFLOAT", profiles.field("SFLOAT", profiles.sfloat), 2],
    ["FLOAT", profiles.field("FLOAT", profiles.float), 4],
  ])("%s: any octets decode to a number that is encoded as that number", (_name, codec, size) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: size, maxLength: size }), (octets) => {
        const value = codec.decode(octets);
        const again = codec.decode(codec.encode(value));
        if (Number.isFinite(value))
          expect(Math.abs(again - value)).toBeLessThanOrEqual(Math.abs(value) * 0.003);
        else expect(again).toBe(value);
      }),
      runs,
    );
  });
});

describe("Report maps", () => {
  it("are read whatever their octets are, or are malformed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 16 }), (map, report) => {
        try {
          for (const { fields } of profiles.reportsIn(map)) {
            for (const field of fields) {
              expect(profiles.valuesOf(field, report).length).toBeLessThanOrEqual(8 * report.length);
            }
          }
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPduError);
        }
      }),
      runs,
    );
  });
});
