import { describe, expect, expectTypeOf, it } from "vitest";
import { AttError } from "../../src/att/error.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { fromHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import type { LocalService } from "../../src/gatt/server.ts";
import {
  characteristic,
  type CharacteristicDefinition,
  type GattPeer,
} from "../../src/gatt/service-builder.ts";
import type { LocalCharacteristic } from "../../src/gatt/local-characteristic.ts";
import type { RemoteCharacteristic } from "../../src/gatt/remote-characteristic.ts";
import {
  batteryLevel,
  type CharacteristicType,
  defineCharacteristic,
  field,
  fields,
  type HeartRateMeasurement,
  heartRateMeasurement,
  type heartRateService,
  type HidReport,
  type hidService,
  reportReference,
  type TypedCharacteristicDefinition,
  type TypedCharacteristicOptions,
  type TypedLocalCharacteristic,
  type TypedRemoteCharacteristic,
  u8,
} from "../../src/profiles/index.ts";

interface Color {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

const color = defineCharacteristic(
  "3a0f0002-7d4c-4e0b-9d39-2f6b1c8e5a10",
  fields<Color>("Color", { red: u8, green: u8, blue: u8 }),
);
const connection = {} as GattPeer;

describe("defineCharacteristic", () => {
  it("infers the type of the values for server and client", () => {
    expectTypeOf(color).toEqualTypeOf<CharacteristicType<Color>>();
    expectTypeOf<CharacteristicType<Color>["of"]>()
      .parameter(0)
      .toExtend<RemoteCharacteristic | LocalCharacteristic>();
    expectTypeOf<ReturnType<TypedRemoteCharacteristic<Color>["read"]>>().toEqualTypeOf<Promise<Color>>();
    expectTypeOf<Parameters<TypedLocalCharacteristic<Color>["notify"]>[0]>().toEqualTypeOf<Color>();
    expectTypeOf(heartRateMeasurement).toEqualTypeOf<CharacteristicType<HeartRateMeasurement>>();
    expectTypeOf(defineCharacteristic(0x2a19, field("Level", u8))).toEqualTypeOf<
      CharacteristicType<number>
    >();
  });

  it("gives typed characteristics where a service is added", () => {
    interface Definitions {
      color: TypedCharacteristicDefinition<Color>;
      plain: CharacteristicDefinition;
    }
    type Local = LocalService<Pick<Definitions, keyof Definitions>>;
    expectTypeOf<Local["color"]>().toEqualTypeOf<TypedLocalCharacteristic<Color>>();
    expectTypeOf<Local["plain"]>().toEqualTypeOf<LocalCharacteristic>();

    type Heart = LocalService<ReturnType<typeof heartRateService>["characteristics"]>;
    expectTypeOf<Heart["measurement"]>().toEqualTypeOf<TypedLocalCharacteristic<HeartRateMeasurement>>();
    expectTypeOf<NonNullable<Heart["location"]>>().toExtend<TypedLocalCharacteristic<number>>();

    type Keyboard = LocalService<ReturnType<typeof hidService<{ keys: HidReport }>>["characteristics"]>;
    expectTypeOf<Keyboard["keys"]>().toEqualTypeOf<TypedLocalCharacteristic<Uint8Array>>();
  });

  it("does not take values of another type", () => {
    // @ts-expect-error -- a level is no text
    expect(() => batteryLevel.characteristic({ value: "full" })).toThrow(RangeError);
    expectTypeOf<TypedCharacteristicOptions<Color>>().not.toHaveProperty("append");
  });

  it("leaves octets to the codec: a value to begin with, what is read, what is written", async () => {
    const written: Color[] = [];
    const { options } = color.characteristic({
      value: { red: 1, green: 2, blue: 3 },
      onRead: () => ({ red: 4, green: 5, blue: 6 }),
      onWrite: ({ value }) => void written.push(value),
    });
    expect(options.value).toEqual(fromHex("010203"));
    expect(await options.onRead!({ connection, offset: 0 })).toEqual(fromHex("040506"));
    expect(options.write).toBe(true);
    await options.onWrite!({ connection, value: fromHex("070809"), acknowledged: true });
    expect(written).toEqual([{ red: 7, green: 8, blue: 9 }]);
    const { options: later } = color.characteristic({
      onRead: () => Promise.resolve({ red: 0, green: 0, blue: 1 }),
    });
    expect(await later.onRead!({ connection, offset: 0 })).toEqual(fromHex("000001"));
  });

  it.each([
    ["with a handler", { onWrite: () => undefined }],
    ["without one", { write: true }],
    ["without an answer", { writeWithoutResponse: true }],
    ["with a signature", { signedWrite: true }],
  ])("tells a client that writes nonsense %s that it may not (Vol 3, Part F, 3.4.1.1)", (_name, how) => {
    const { options } = color.characteristic(how);
    const write = (): unknown => options.onWrite!({ connection, value: fromHex("0102"), acknowledged: true });
    expect(write).toThrow(AttError);
    expect(write).toThrow(expect.objectContaining({ status: ErrorCode.ValueNotAllowed }) as Error);
  });

  it("offers writing only where the program does", () => {
    expect(color.characteristic({ writeWithoutResponse: true }).options.write).toBe(false);
    expect(color.characteristic({ write: false, onWrite: () => undefined }).options.write).toBe(false);
    expect(color.characteristic({ notify: true }).options).not.toHaveProperty("onWrite");
    expect(reportReference.descriptor({ value: { id: 1, kind: "input" } }).options).toEqual({
      value: fromHex("0101"),
    });
  });

  it("leaves errors of a codec that are none of the peer's alone", () => {
    const broken = defineCharacteristic<number>("2a19", {
      encode: () => new Uint8Array(1),
      decode() {
        throw new TypeError("a mistake");
      },
    });
    const { options } = broken.characteristic({ write: true });
    const write = (): unknown => options.onWrite!({ connection, value: fromHex("01"), acknowledged: true });
    expect(write).toThrow(new TypeError("a mistake"));
  });

  it("is what characteristic() does with the option codec", () => {
    const { codec } = color;
    const definition = characteristic(color.uuid, {
      codec,
      value: { red: 1, green: 2, blue: 3 },
      write: true,
    });
    expectTypeOf(definition).toExtend<TypedCharacteristicDefinition<Color>>();
    expect(definition.options.value).toEqual(fromHex("010203"));
    expect(definition.options).not.toHaveProperty("codec");
    const write = (): unknown =>
      definition.options.onWrite!({ connection, value: fromHex("01"), acknowledged: true });
    expect(write).toThrow(AttError);
  });

  it("says what is wrong with a value at once", () => {
    expect(() => color.characteristic({ value: { red: 256, green: 0, blue: 0 } })).toThrow(RangeError);
    expect(() => color.codec.decode(fromHex("01"))).toThrow(MalformedPduError);
  });
});
