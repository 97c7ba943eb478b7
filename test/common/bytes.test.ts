import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  concat,
  equal,
  fromHex,
  hexNumber,
  noOctets,
  putU16,
  putU24,
  reversed,
  toHex,
  u16At,
} from "../../src/common/bytes.ts";
import { runs } from "../support/runs.ts";

const octets = fc.uint8Array({ maxLength: 40 });

describe("Octets", () => {
  it("go to hex and back, with any separator that fromHex skips", () => {
    fc.assert(
      fc.property(octets, fc.constantFrom("", " ", ":", "-", "\n  "), (value, separator) => {
        const text = toHex(value, separator);
        expect(fromHex(text)).toEqual(value);
        expect(fromHex(text.toUpperCase())).toEqual(value);
      }),
      runs,
    );
  });

  it("print with leading zeros", () => {
    expect(toHex(Uint8Array.of(0, 10, 255))).toBe("000aff");
    expect(toHex(Uint8Array.of(0, 10, 255), ":")).toBe("00:0a:ff");
    expect(hexNumber(0x2a, 4)).toBe("002a");
  });

  it.each(["0", "0g", "1 2", "00 1", "0x00", "00,11"])("are not read from %j", (text) => {
    expect(() => fromHex(text)).toThrow(SyntaxError);
  });

  it("are read from a long text", () => {
    expect(fromHex("a5".repeat(1_000_000))).toHaveLength(1_000_000);
  });

  it("join in order, into a copy", () => {
    fc.assert(
      fc.property(fc.array(octets), (parts) => {
        const whole = concat(...parts);
        expect([...whole]).toEqual(parts.flatMap((part) => [...part]));
        whole.fill(0x5a);
        expect(parts.every((part) => part.length === 0 || part.buffer !== whole.buffer)).toBe(true);
      }),
      runs,
    );
    expect(concat()).toEqual(noOctets);
  });

  it("equal what has the same octets, and nothing else", () => {
    fc.assert(
      fc.property(octets, octets, (a, b) => {
        expect(equal(a, b)).toBe(toHex(a) === toHex(b));
        expect(equal(a, a.slice())).toBe(true);
      }),
      runs,
    );
  });

  it("are reversed into a copy", () => {
    const source = Uint8Array.of(1, 2, 3);
    expect(reversed(source)).toEqual(Uint8Array.of(3, 2, 1));
    expect(source).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("hold little-endian numbers at any place", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 4 }), (value, at) => {
        const room = new Uint8Array(8);
        putU16(room, at, value);
        expect(u16At(room, at)).toBe(value);
        expect(room.reduce((sum, octet) => sum + octet, 0)).toBe((value & 0xff) + (value >> 8));
      }),
      runs,
    );
    const room = new Uint8Array(5);
    putU24(room, 1, 0xabcdef);
    expect(toHex(room)).toBe("00efcdab00");
  });
});
