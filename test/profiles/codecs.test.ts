import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import * as profiles from "../../src/profiles/index.ts";
import type { ValueCodec } from "../../src/profiles/index.ts";

type Row = readonly [name: string, codec: ValueCodec<never>, hex: string, value: unknown];

function row<T>(name: string, { codec }: { readonly codec: ValueCodec<T> }, hex: string, value: T): Row {
  return [name, codec as unknown as ValueCodec<never>, hex, value];
}

const noon = { year: 2024, month: 2, day: 29, hours: 12, minutes: 0, seconds: 30 };

const rows: readonly Row[] = [
  row("the shortest heart rate", profiles.heartRateMeasurement, "00 48", { beatsPerMinute: 72 }),
  row("a heart rate of 16 bits", profiles.heartRateMeasurement, "01 2c01", { beatsPerMinute: 300 }),
  row("no contact to the skin", profiles.heartRateMeasurement, "04 00", {
    beatsPerMinute: 0,
    contact: false,
  }),
  row("a heart rate with everything", profiles.heartRateMeasurement, "1e 48 e803 0004 0002", {
    beatsPerMinute: 72,
    contact: true,
    energyExpended: 1000,
    rrIntervals: [1000, 500],
  }),
  row("a body sensor location", profiles.bodySensorLocation, "05", profiles.BodySensorLocation.EarLobe),
  row("the reset of the energy", profiles.heartRateControlPoint, "01", 1),

  row("a battery level", profiles.batteryLevel, "64", 100),
  row("a battery that is charged by wire", profiles.batteryLevelStatus, "02 a302 5f", {
    power: {
      present: true,
      wiredPower: "yes",
      wirelessPower: "no",
      chargeState: "charging",
      chargeLevel: "good",
      chargeType: "constantCurrent",
      chargingFaults: [],
    },
    level: 95,
  }),
  row("a battery in need of service", profiles.batteryLevelStatus, "05 d171 0601 05", {
    power: {
      present: true,
      wiredPower: "no",
      wirelessPower: "unknown",
      chargeState: "dischargingActive",
      chargeLevel: "critical",
      chargeType: "unknown",
      chargingFaults: ["battery", "externalPowerSource", "other"],
    },
    identifier: 0x0106,
    additional: { serviceRequired: "yes", fault: true },
  }),

  row("a manufacturer", profiles.manufacturerName, "4a c3a4 67", "Jäg"),
  // The example of the characteristic's definition: OUI 0x123456, company assigned 0x9ABCDE.
  row("a system made of an address", profiles.systemId, "debc9afeff 563412", {
    manufacturerIdentifier: 0xfffe9abcde,
    organizationallyUniqueIdentifier: 0x123456,
  }),
  row("a USB product", profiles.pnpId, "02 6d04 1bc5 1101", {
    vendorIdSource: profiles.VendorIdSource.UsbImplementersForum,
    vendorId: 0x046d,
    productId: 0xc51b,
    productVersion: 0x0111,
  }),

  row("a Thursday", profiles.currentTime, "e807 02 1d 0c 00 1e 04 80 05", {
    ...noon,
    dayOfWeek: 4,
    milliseconds: 500,
    adjustReasons: ["manual", "timeZone"],
  }),
  row("summer time in Nepal, if it had one", profiles.localTimeInformation, "17 04", {
    timeZoneMinutes: 345,
    daylightSavingMinutes: 60,
  }),
  row("a place in the west", profiles.localTimeInformation, "d0 00", {
    timeZoneMinutes: -720,
    daylightSavingMinutes: 0,
  }),
  row("nobody knows where", profiles.localTimeInformation, "80 ff", {
    timeZoneMinutes: Number.NaN,
    daylightSavingMinutes: Number.NaN,
  }),
  row("time from a satellite", profiles.referenceTimeInformation, "02 04 00 17", {
    source: profiles.TimeSource.Gps,
    accuracy: 500,
    daysSinceUpdate: 0,
    hoursSinceUpdate: 23,
  }),
  row("a clock that is off by far", profiles.referenceTimeInformation, "04 fe ff ff", {
    source: profiles.TimeSource.Manual,
    accuracy: Number.POSITIVE_INFINITY,
    daysSinceUpdate: 255,
    hoursSinceUpdate: 255,
  }),

  row("a temperature", profiles.temperature, "3408", 21),
  row("a frost", profiles.temperature, "74fe", -3.96),
  row("a temperature nobody knows", profiles.temperature, "0080", Number.NaN),
  row("a humidity", profiles.humidity, "5918", 62.33),
  row("a humidity nobody knows", profiles.humidity, "ffff", Number.NaN),
  row("a pressure", profiles.pressure, "cd750f00", 101_319.7),
  row("how a temperature is measured", profiles.environmentalMeasurement, "0000 02 100e00 3c0000 01 04", {
    samplingFunction: profiles.SamplingFunction.ArithmeticMean,
    measurementPeriod: 3600,
    updateInterval: 60,
    application: 1,
    uncertainty: 2,
  }),
  row("no trigger", profiles.environmentalTrigger, "00", { when: "inactive" }),
  row("a trigger by time", profiles.environmentalTrigger, "01 0a0000", { when: "interval", seconds: 10 }),
  row("a trigger by value", profiles.environmentalTrigger, "06 3408", {
    when: "greaterThan",
    operand: fromHex("3408"),
  }),

  row("an ear at 36.4 degrees", profiles.temperatureMeasurement, "04 6c0100ff 03", {
    fahrenheit: false,
    temperature: 36.4,
    type: 3,
  }),
  row("a fever at noon", profiles.temperatureMeasurement, "03 f90300ff e807 02 1d 0c 00 1e", {
    fahrenheit: true,
    temperature: 101.7,
    time: noon,
  }),

  row("nothing has turned", profiles.cscMeasurement, "00", {}),
  row("wheel and crank", profiles.cscMeasurement, "03 01000100 0004 0200 0002", {
    wheel: { count: 65_537, lastEventTime: 1000 },
    crank: { count: 2, lastEventTime: 500 },
  }),
  row("a crank alone", profiles.cscMeasurement, "02 ffff ffff", {
    crank: { count: 65_535, lastEventTime: (65_535 * 1000) / 1024 },
  }),
  row("what a sensor can", profiles.cscFeatures, "0500", ["wheelRevolutions", "multipleSensorLocations"]),
  row("where a sensor is", profiles.sensorLocation, "0c", profiles.SensorLocation.RearWheel),
  row("a wheel to be set to 1000", profiles.scControlPoint, "01 e8030000", {
    type: "request",
    opcode: profiles.ScControlPointOpcode.SetCumulativeValue,
    parameter: fromHex("e8030000"),
  }),
  row("the places a sensor can be", profiles.scControlPoint, "10 04 01 040c", {
    type: "response",
    request: profiles.ScControlPointOpcode.RequestSupportedSensorLocations,
    result: profiles.ControlPointResult.Success,
    parameter: fromHex("040c"),
  }),

  row("power alone", profiles.cyclingPowerMeasurement, "0000 c800", {
    power: 200,
    balanceOfLeft: false,
    torqueAtCrank: false,
    offsetCompensated: false,
  }),
  // The angles are the example of the characteristic's definition: 0xABC and 0x123 are sent as 0x123ABC.
  row(
    "power with everything",
    profiles.cyclingPowerMeasurement,
    "ff1f f6ff 65 4000 05000000 0008 0600 0004 0a00 feff 2000 e0ff bc3a12 5a00 0e01 0700",
    {
      power: -10,
      pedalPowerBalance: 50.5,
      balanceOfLeft: true,
      accumulatedTorque: 2,
      torqueAtCrank: true,
      wheel: { count: 5, lastEventTime: 1000 },
      crank: { count: 6, lastEventTime: 1000 },
      forceMagnitudes: { maximum: 10, minimum: -2 },
      torqueMagnitudes: { maximum: 1, minimum: -1 },
      extremeAngles: { maximum: 0xabc, minimum: 0x123 },
      topDeadSpotAngle: 90,
      bottomDeadSpotAngle: 270,
      accumulatedEnergy: 7,
      offsetCompensated: true,
    },
  ),
  row("what a power meter can", profiles.cyclingPowerFeatures, "09002100", [
    "pedalPowerBalance",
    "crankRevolutions",
    "torqueBased",
    "forDistributedSystem",
  ]),
  row("that a crank has 172.5 mm", profiles.cyclingPowerControlPoint, "20 05 01 5901", {
    type: "response",
    request: profiles.CyclingPowerOpcode.RequestCrankLength,
    result: profiles.ControlPointResult.Success,
    parameter: fromHex("5901"),
  }),

  row("HID 1.11", profiles.hidInformation, "1101 00 03", {
    version: 0x0111,
    country: 0,
    flags: ["remoteWake", "normallyConnectable"],
  }),
  row("an output report", profiles.reportReference, "02 02", { id: 2, kind: "output" }),
  row("Control, Alt and Delete", profiles.bootKeyboardInput, "05 00 4c0000000000", {
    modifiers: ["leftControl", "leftAlt"],
    keys: [0x4c],
  }),
  row("two lights", profiles.bootKeyboardOutput, "03", ["numLock", "capsLock"]),
  row("a mouse that goes up", profiles.bootMouseInput, "01 00 fb", { buttons: ["left"], x: 0, y: -5 }),
];

describe("Values of the profiles", () => {
  it.each(rows)("%s, both ways", (_name, codec, hex, value) => {
    expect(codec.decode(fromHex(hex))).toEqual(value);
    expect(toHex(codec.encode(value as never))).toBe(toHex(fromHex(hex)));
  });

  it.each([
    ["a heart rate without its octet", profiles.heartRateMeasurement, "00"],
    ["half an RR interval", profiles.heartRateMeasurement, "10 48 000400"],
    ["a battery that is fuller than full", profiles.batteryLevel, "65"],
    ["a battery level of two octets", profiles.batteryLevel, "6400"],
    ["a system of seven octets", profiles.systemId, "00000000000000"],
    ["a month more than there are", profiles.currentTime, "e807 0d 1d 0c 00 1e 04 80 05"],
    ["an hour more than there are", profiles.currentTime, "e807 02 1d 18 00 1e 04 80 05"],
    ["a temperature of three octets", profiles.temperature, "340800"],
    ["no trigger at all", profiles.environmentalTrigger, ""],
    ["a trigger nobody knows", profiles.environmentalTrigger, "0a"],
    ["a trigger by time without it", profiles.environmentalTrigger, "01 0a"],
    ["wheel without its time", profiles.cscMeasurement, "01 01000100"],
    ["a control point without an opcode", profiles.scControlPoint, ""],
    ["a response without a result", profiles.scControlPoint, "10 04"],
    ["a report of type 0", profiles.reportReference, "01 00"],
    ["a keyboard of seven octets", profiles.bootKeyboardInput, "00 00 4c00000000"],
    ["a mouse that has not moved down", profiles.bootMouseInput, "00 00"],
  ])("%s is malformed", (_name, { codec }, hex) => {
    expect(() => codec.decode(fromHex(hex))).toThrow(MalformedPduError);
  });

  it("ignores flags that have no meaning yet, and what stands behind the fields they announce", () => {
    expect(profiles.heartRateMeasurement.codec.decode(fromHex("e0 48 aabbcc"))).toEqual({
      beatsPerMinute: 72,
    });
    expect(profiles.cscMeasurement.codec.decode(fromHex("f2 0200 0002 99"))).toEqual({
      crank: { count: 2, lastEventTime: 500 },
    });
    expect(profiles.bootMouseInput.codec.decode(fromHex("08 01 02 03"))).toEqual({ buttons: [], x: 1, y: 2 });
  });

  it("text ends before NULs, and what is no UTF-8 does not fail", () => {
    const { codec } = profiles.serialNumber;
    expect(codec.decode(fromHex("31320000"))).toBe("12");
    expect(codec.decode(fromHex("31ff"))).toBe("1\ufffd");
  });

  it.each<readonly [string, () => unknown, RegExp]>([
    ["a battery", () => profiles.batteryLevel.codec.encode(101), /101 is not from 0 to 100/],
    ["half a beat", () => profiles.heartRateMeasurement.codec.encode({ beatsPerMinute: 72.5 }), /72.5/],
    ["a hot day", () => profiles.temperature.codec.encode(327.68), /./],
    ["the temperature that means none", () => profiles.temperature.codec.encode(-327.68), /not known/],
    ["a pressure nobody knows", () => profiles.pressure.codec.encode(Number.NaN), /NaN/],
    [
      "seven keys",
      () => profiles.keyboardReport.encode({ modifiers: [], keys: [4, 5, 6, 7, 8, 9, 10] }),
      /6 keys/,
    ],
    [
      "a key that is none",
      () => profiles.keyboardReport.encode({ modifiers: [], keys: [0] }),
      /0 is no usage/,
    ],
    [
      "an angle below 0",
      () =>
        profiles.cyclingPowerMeasurement.codec.encode({
          power: 0,
          extremeAngles: { maximum: 1, minimum: -1 },
        }),
      /0 to 4095/,
    ],
    [
      "a bit without a name",
      () => profiles.cscFeatures.codec.encode(["gears" as never]),
      /no bit called gears/,
    ],
    [
      "a trigger nobody knows",
      () => profiles.environmentalTrigger.codec.encode({ when: "never" as never }),
      /never/,
    ],
    ["a second of 1000 ms", () => profiles.currentTime.codec.encode(timeWith(1000)), /./],
    ["more than 40 bits", () => profiles.systemId.codec.encode(idOf(2 ** 40)), /40-bit/],
  ])("%s is refused with a RangeError", (_name, encode, message) => {
    expect(encode).toThrow(RangeError);
    expect(encode).toThrow(message);
  });

  it("the last millisecond of a second stays in it", () => {
    expect(profiles.currentTime.codec.encode(timeWith(999))[8]).toBe(0xff);
  });
});

describe("Medical floating-point numbers (IEEE 11073-20601)", () => {
  const short = profiles.field("SFLOAT", profiles.sfloat);
  const long = profiles.field("FLOAT", profiles.float);

  it.each([
    ["SFLOAT", short, "0000", 0],
    ["SFLOAT", short, "7200", 114],
    ["SFLOAT", short, "6cf1", 36.4],
    ["SFLOAT", short, "94ff", -10.8],
    ["SFLOAT", short, "ff07", Number.NaN],
    ["SFLOAT", short, "fe07", Number.POSITIVE_INFINITY],
    ["SFLOAT", short, "0208", Number.NEGATIVE_INFINITY],
    ["FLOAT", long, "6c0100ff", 36.4],
    ["FLOAT", long, "94ffffff", -10.8],
    ["FLOAT", long, "ffff7f00", Number.NaN],
    ["FLOAT", long, "feff7f00", Number.POSITIVE_INFINITY],
    ["FLOAT", long, "02008000", Number.NEGATIVE_INFINITY],
  ])("%s %#: both ways", (_name, codec, hex, value) => {
    expect(codec.decode(fromHex(hex))).toBe(value);
    expect(toHex(codec.encode(value))).toBe(hex);
  });

  it.each([
    ["0108", "the reserved value"],
    ["0008", "not at this resolution"],
  ])("%s is no number: %s", (hex) => {
    expect(short.decode(fromHex(hex))).toBeNaN();
  });

  it("keeps as many digits as fit", () => {
    expect(short.decode(short.encode(Math.PI))).toBe(3.14);
    expect(long.decode(long.encode(Math.PI))).toBe(3.141593);
    expect(short.decode(short.encode(-20.45e9))).toBe(-20.45e9);
    expect(() => short.encode(3e10)).toThrow(RangeError);
  });
});

describe("Revolutions", () => {
  const { crankWrap, revolutionsPerMinute } = profiles;

  it("give a speed, also where count and clock wrap around", () => {
    const earlier = { count: 65_535, lastEventTime: 63_500 };
    expect(revolutionsPerMinute(earlier, { count: 1, lastEventTime: 500 }, crankWrap)).toBe(120);
    expect(revolutionsPerMinute(earlier, earlier, crankWrap)).toBe(0);
  });
});

describe("Dates", () => {
  it("are those of this computer's clock, both ways", () => {
    const date = new Date(2024, 1, 29, 12, 0, 30);
    expect(profiles.dateTimeOf(date)).toEqual(noon);
    expect(profiles.dateOf(noon)).toEqual(date);
    expect(profiles.dateOf({ ...noon, day: 0 })).toBeUndefined();
    expect(profiles.currentTimeAt(new Date(2024, 2, 3, 1, 2, 3, 250))).toEqual({
      ...{ year: 2024, month: 3, day: 3, hours: 1, minutes: 2, seconds: 3 },
      dayOfWeek: 7,
      milliseconds: 250,
      adjustReasons: [],
    });
  });
});

function timeWith(milliseconds: number): profiles.CurrentTime {
  return { ...noon, dayOfWeek: 4, milliseconds, adjustReasons: [] };
}

function idOf(manufacturerIdentifier: number): profiles.SystemId {
  return { manufacturerIdentifier, organizationallyUniqueIdentifier: 0 };
}
