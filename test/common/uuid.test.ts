import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { Uuid, type UuidLike } from "../../src/common/uuid.ts";
import { runs } from "../support/runs.ts";

const nordicUart = "6e400001-b5a3-f393-e0a9-e50e24dcca9e";

describe("A UUID (Vol 3, Part B, 2.5.1)", () => {
  it.each<[string, UuidLike]>([
    ["a number", 0x180d],
    ["four digits", "180d"],
    ["four digits in upper case", "180D"],
    ["four digits with 0x", "0x180D"],
    ["eight digits", "0000180d"],
    ["all digits with dashes", "0000180d-0000-1000-8000-00805f9b34fb"],
    ["all digits in upper case", "0000180D-0000-1000-8000-00805F9B34FB"],
    ["all digits without dashes", "0000180d00001000800000805f9b34fb"],
    ["digits in braces", "{0000180d-0000-1000-8000-00805f9b34fb}"],
    ["a URN", "urn:uuid:0000180d-0000-1000-8000-00805f9b34fb"],
    ["digits with space around", " 180d\n"],
    ["two octets", fromHex("0d18")],
    ["four octets", fromHex("0d180000")],
    ["sixteen octets", fromHex("fb349b5f80000080001000000d180000")],
    ["a UUID", Uuid.from(0x180d)],
  ])("is read from %s", (_name, form) => {
    const uuid = Uuid.from(form);
    expect(uuid.equals(Uuid.from(0x180d))).toBe(true);
    expect([uuid.short, String(uuid), JSON.stringify(uuid)]).toEqual([0x180d, "180d", '"180d"']);
    expect(toHex(uuid.octets)).toBe("0d18");
    expect(toHex(uuid.wide)).toBe("fb349b5f80000080001000000d180000");
    expect(uuid.key).toBe("0000180d-0000-1000-8000-00805f9b34fb");
  });

  it.each(["", "18", "180", "180g", "0x", "180d180", "0000180d-0000-1000-8000-00805f9b34f", "180d 180d"])(
    "is not read from %j",
    (text) => {
      expect(() => Uuid.from(text)).toThrow(SyntaxError);
    },
  );

  it("is not read with some of its dashes only", () => {
    expect(() => Uuid.from("0000180d-000010008000-00805f9b34fb")).toThrow(SyntaxError);
  });

  it("has no other numbers and counts of octets", () => {
    for (const value of [-1, 0.5, 2 ** 32, Number.NaN]) expect(() => Uuid.from(value)).toThrow(RangeError);
    for (const size of [0, 1, 3, 8, 15, 17])
      expect(() => Uuid.from(new Uint8Array(size))).toThrow(RangeError);
  });

  it("is 2 or 16 octets in an ATT packet, else the packet is malformed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (octets) => {
        if (octets.length === 2 || octets.length === 16) {
          expect(toHex(Uuid.fromAir(octets).wide)).toContain(toHex(octets));
        } else expect(() => Uuid.fromAir(octets)).toThrow(MalformedPduError);
      }),
      runs,
    );
  });

  it("equals itself in every width and form, and nothing else", () => {
    const numbers = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 0xffff_ffff }));
    fc.assert(
      fc.property(numbers, numbers, (number, other) => {
        const uuid = Uuid.from(number);
        for (const form of [
          uuid.octets,
          uuid.wide,
          uuid.key,
          uuid.toString(),
          uuid.key.replaceAll("-", ""),
        ]) {
          expect(Uuid.from(form).equals(uuid)).toBe(true);
          expect(Uuid.from(form).short).toBe(number);
        }
        expect(Uuid.from(other).equals(uuid)).toBe(number === other);
      }),
      runs,
    );
  });

  it("keeps 128 bits that are not made from the base", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (octets) => {
        const uuid = Uuid.from(octets);
        expect(uuid.wide).toEqual(octets);
        expect(Uuid.from(uuid.toString()).equals(uuid)).toBe(true);
      }),
      runs,
    );
    const uuid = Uuid.from(nordicUart);
    expect([uuid.short, String(uuid), toHex(uuid.octets)]).toEqual([
      undefined,
      nordicUart,
      "9ecadc240ee5a9e093f3a3b50100406e",
    ]);
  });

  it("goes as 16 octets where ATT has no 32-bit form", () => {
    expect(String(Uuid.from(0x0001180d))).toBe("0001180d");
    expect(Uuid.from(0x0001180d).octets).toHaveLength(16);
  });

  it("does not change with the octets it was made from", () => {
    // A Buffer's slice() is a view.
    for (const octets of [Uuid.from(nordicUart).wide, Buffer.from(Uuid.from(nordicUart).wide)]) {
      const uuid = Uuid.from(octets);
      octets.fill(0);
      expect(String(Uuid.from(uuid.octets))).toBe(nordicUart);
    }
  });
});
