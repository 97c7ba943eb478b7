import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { runs } from "../support/runs.ts";

describe("A device address (Vol 6, Part B, 1.3)", () => {
  it("prints as it is read", () => {
    const type = fc.constantFrom("public" as const, "random" as const);
    fc.assert(
      fc.property(type, fc.integer({ min: 0, max: 0xffff_ffff_ffff }), (type, value) => {
        const address = new Address(type, value);
        expect(address.toString()).toMatch(/^([0-9A-F]{2}:){5}[0-9A-F]{2}\/(public|random)$/);
        for (const text of [
          String(address),
          String(address).toLowerCase(),
          String(address).replaceAll(":", "-"),
        ]) {
          const read = Address.parse(text);
          expect(read.equals(address)).toBe(true);
          expect([read.type, read.value]).toEqual([type, value]);
        }
        expect(Address.from(address)).toBe(address);
        expect(Address.from(address.toJSON()).equals(address)).toBe(true);
      }),
      runs,
    );
  });

  it("is another one with the other type", () => {
    expect(new Address("public", 1).equals(new Address("random", 1))).toBe(false);
    expect(new Address("public", 1).equals(new Address("public", 2))).toBe(false);
  });

  it.each([
    ["00:00:00:00:00:01/public", "public"],
    ["FF:00:00:00:00:01/public", "public"],
    ["C0:00:00:00:00:01/random", "static"],
    ["FF:FF:FF:FF:FF:FE/random", "static"],
    ["40:00:00:00:00:01/random", "resolvable private"],
    ["7F:00:00:00:00:01/random", "resolvable private"],
    ["00:00:00:00:00:01/random", "non-resolvable private"],
    ["3F:00:00:00:00:01/random", "non-resolvable private"],
    ["80:00:00:00:00:01/random", "reserved"],
    ["BF:00:00:00:00:01/random", "reserved"],
  ])("%s is %s (Vol 6, Part B, 1.3.2)", (text, kind) => {
    expect(Address.parse(text).kind).toBe(kind);
  });

  it.each([
    "",
    "C0:FF:EE:00:00:01",
    "C0:FF:EE:00:00/random",
    "C0:FF:EE:00:00:0G/random",
    "C0:FF:EE:00:00:01/static",
  ])("is not read from %j", (text) => {
    expect(() => Address.parse(text)).toThrow(SyntaxError);
  });

  it("has 48 bits", () => {
    for (const value of [-1, 2 ** 48, 0.5, Number.NaN])
      expect(() => new Address("public", value)).toThrow(RangeError);
  });
});
