import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { LocalCharacteristic } from "../../src/gatt/local-characteristic.ts";
import { characteristic, descriptor, service } from "../../src/gatt/service-builder.ts";
import { batteryLevel, heartRateMeasurement, manufacturerName, reportMap } from "../../src/profiles/index.ts";
import { Bench, errorOf } from "./wire.ts";

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
/** What a program without a compiler gives. */
const wrong = (value: unknown): never => value as never;

async function offered() {
  const bench = new Bench();
  const { level } = bench.server.add(
    service("180f", {
      level: characteristic("2a19", {
        value: octets(1),
        write: true,
        writeWithoutResponse: true,
        notify: true,
      }),
    }),
  );
  const wire = bench.connect();
  const remote = await bench.until(wire.client.characteristic("180f", "2a19"));
  return { bench, level, wire, remote };
}

describe("Options that there are none of, or of another type", () => {
  it.each<readonly [string, () => unknown, string]>([
    ["service", () => service("180f", {}, wrong({ secundary: true })), '"secundary" is no option'],
    ["service", () => service("180f", {}, wrong({ secondary: 1 })), "secondary: give true or false"],
    ["characteristic", () => characteristic("2a19", wrong({ notifi: true })), '"notifi" is no option'],
    ["characteristic", () => characteristic("2a19", wrong({ notify: "yes" })), "notify: give true or false"],
    ["characteristic", () => characteristic("2a19", wrong({ onWrite: 5 })), "onWrite: give a function"],
    ["characteristic", () => characteristic("2a19", wrong({ maxLength: "9" })), "maxLength: give a number"],
    ["descriptor", () => descriptor("2901", wrong({ notify: true })), '"notify" is no option'],
    ["descriptor", () => descriptor("2901", wrong(null)), "descriptor: give options such as"],
  ])("of %s are refused by name, with those there are", (_call, act, message) => {
    expect(act).toThrow(TypeError);
    expect(act).toThrow(message);
  });

  it.each<readonly [string, (local: LocalCharacteristic) => Promise<unknown>, string]>([
    [
      "notify",
      (local) => local.notify(octets(1), wrong({ too: {} })),
      '"too" is no option of it; there are to',
    ],
    ["notify", (local) => local.notify(octets(1), wrong({ to: "aa:bb" })), "to: give an object"],
    ["notify", (local) => local.notify(octets(1), wrong({ to: {} })), "to: give a connection"],
    ["notify", (local) => local.notify(octets(1), wrong({ signal: 5 })), "signal: give an AbortSignal"],
    ["indicate", (local) => local.indicate(octets(1), wrong({ to: [] })), "to: give a connection"],
    [
      "tryNotify",
      (local) => Promise.resolve().then(() => local.tryNotify(octets(1), wrong({ forced: true }))),
      '"forced" is no option',
    ],
  ])(
    "of %s are refused by name: nobody would be told, and nothing be noticed",
    async (_call, act, message) => {
      const { level } = await offered();
      const error = await errorOf(act(level));
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain(message);
    },
  );

  it("of a client's calls are refused by name, before anything is sent", async () => {
    const { remote, wire } = await offered();
    wire.requests.length = 0;
    const acts: readonly (readonly [Promise<unknown>, typeof TypeError | typeof RangeError, string])[] = [
      [remote.read(wrong({ timeout: 5 })), TypeError, '"timeout" is no option'],
      [remote.write(octets(1), wrong({ ofset: 5 })), TypeError, '"ofset" is no option'],
      [remote.write(octets(1), wrong({ offset: "5" })), TypeError, "offset: give a number"],
      [remote.writeWithoutResponse(octets(1), wrong({ sign: true })), TypeError, '"sign" is no option'],
      [remote.subscribe(wrong({ onvalue: () => undefined })), TypeError, '"onvalue" is no option'],
      [remote.subscribe(wrong({ capacity: "many" })), TypeError, "capacity: give a number"],
      [remote.subscribe({ capacity: Number.NaN }), RangeError, "capacity: NaN"],
      [remote.subscribe(wrong(() => undefined)), TypeError, "subscribe: give options such as"],
      [wire.client.services(wrong({ uiid: "180f" })), TypeError, '"uiid" is no option'],
      [wire.client.service("180f", wrong({ abort: 1 })), TypeError, '"abort" is no option'],
      [wire.client.readByUuid("2a19", wrong({ from: 1 })), TypeError, '"from" is no option'],
      [wire.client.readMultiple([remote], wrong({ length: [1] })), TypeError, '"length" is no option'],
      [
        wire.client.reliableWrite([[remote, octets(1)]], wrong({ long: true })),
        TypeError,
        '"long" is no option',
      ],
      [wire.client.readMultiple(wrong(5)), TypeError, "values: give an array of characteristics"],
      [wire.client.reliableWrite(wrong(remote)), TypeError, "values: give an array of pairs"],
      [wire.client.reliableWrite(wrong([remote])), TypeError, "values: give an array of pairs"],
    ];
    for (const [promise, kind, message] of acts) {
      const error = await errorOf(promise);
      expect(error, message).toBeInstanceOf(kind);
      expect(String(error)).toContain(message);
    }
    expect(wire.requests).toEqual([]);
  });

  it("of an iteration are refused when it is asked for, and so is a hook that would take its values", async () => {
    const { remote } = await offered();
    expect(() => remote.notifications(wrong({ signal: 5 }))).toThrow("signal: give an AbortSignal");
    expect(() => remote.notifications(wrong({ onValue: () => undefined }))).toThrow('"onValue" is no option');
    expect(() => batteryLevel.of(remote).notifications(wrong({ signal: 5 }))).toThrow(TypeError);
  });

  it("of several values notified at once are refused by name", async () => {
    const { bench, level } = await offered();
    const pairs = "values: give an array of pairs";
    for (const [values, message] of [
      [5, pairs],
      [[level], pairs],
      [[[batteryLevel.of(level), 1]], "values: give characteristics of this host; of a typed one its plain"],
      [[[level]], "a value is a Uint8Array"],
    ] as const) {
      const error = await errorOf(bench.server.notifyMultiple(wrong(values)));
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain(message);
    }
  });
});

describe("What console.log shows of GATT's objects", () => {
  it("is a line that says what they are, and nothing of their inside", async () => {
    const { bench, level, remote, wire } = await offered();
    const shown = (object: unknown): string => inspect(object);
    const [found] = await bench.until(wire.client.services());
    expect(shown(level)).toBe("LocalCharacteristic 2a19 at 0x0003 (0 subscribed)");
    expect(shown({ level })).toBe("{ level: LocalCharacteristic 2a19 at 0x0003 (0 subscribed) }");
    expect(shown(bench.server)).toBe("GattServer offering 180f to 1 connected");
    expect(shown(remote)).toBe(
      "RemoteCharacteristic 2a19 at 0x0003 (read, writeWithoutResponse, write, notify)",
    );
    expect(shown(remote.descriptors)).toBe("[ RemoteDescriptor 2902 at 0x0004 ]");
    expect(shown(found)).toBe("RemoteService 180f at 0x0001 to 0x0004 (2a19)");
    expect(shown(wire.client)).toBe("GattClient ATT_MTU 517, knows 180f");
    expect(shown(batteryLevel)).toBe("CharacteristicType 2a19");
    expect(shown(batteryLevel.of(level))).toBe(`TypedLocalCharacteristic ${level.toString()}`);
    expect(shown(batteryLevel.of(remote))).toBe(`TypedRemoteCharacteristic ${remote.toString()}`);
    const subscription = await bench.until(remote.subscribe());
    expect(shown(subscription)).toBe("Subscription active, 0 dropped");
    await bench.until(subscription[Symbol.asyncDispose]());
    expect(shown(subscription)).toBe("Subscription ended");
  });
});

describe("Errors of values", () => {
  it.each<readonly [string, () => unknown, string]>([
    [
      "a number that is too large",
      () => heartRateMeasurement.codec.encode({ beatsPerMinute: 70_000 }),
      "beatsPerMinute: 70000 is not in 0 to 65535",
    ],
    [
      "no array",
      () => heartRateMeasurement.codec.encode({ beatsPerMinute: 70, rrIntervals: wrong(5) }),
      "rrIntervals: give an array",
    ],
    ["no object", () => heartRateMeasurement.codec.encode(wrong(70)), "give an object with beatsPerMinute"],
    ["no text", () => manufacturerName.codec.encode(wrong(5)), "give a text, not number"],
    ["no octets", () => reportMap.codec.encode(wrong("05 01")), "a value is a Uint8Array, not string"],
    ["a single number", () => batteryLevel.codec.encode(101), "Battery Level: 101 is not from 0 to 100"],
    [
      "octets that are too few",
      () => heartRateMeasurement.codec.decode(octets(1, 2)),
      "Heart Rate Measurement: beatsPerMinute: 1 octets are missing in 01 02",
    ],
  ])("name the field: %s", (_what, act, message) => {
    expect(act).toThrow(message);
  });
});
