import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import {
  decodeOobData,
  encodeOobData,
  type OobData,
  oobDataFromText,
  oobDataToText,
} from "../../src/smp/oob-data.ts";
import { runs } from "../support/runs.ts";
import { identities, octets } from "./bonds.ts";

const confirm = fromHex("000102030405060708090a0b0c0d0e0f");
const random = fromHex("101112131415161718191a1b1c1d1e1f");
const temporaryKey = fromHex("202122232425262728292a2b2c2d2e2f");
const address = Address.parse("C0:FF:EE:00:00:01/random");

/** AD structures, Supplement to the Core Specification, Part A. */
const cases: readonly (readonly [name: string, hex: string, value: OobData])[] = [
  ["nothing", "", {}],
  ["LE Bluetooth Device Address (1.16), random", "081b010000eeffc001", { address }],
  ["the same, public", "081b010000eeffc000", { address: new Address("public", address.value) }],
  ["LE Role (1.17)", "021c02", { role: "peripheralPreferred" }],
  ["Security Manager TK Value (1.8)", "11102f2e2d2c2b2a29282726252423222120", { temporaryKey }],
  [
    "LE Secure Connections Confirmation and Random Value (1.6)",
    "11220f0e0d0c0b0a09080706050403020100" + "11231f1e1d1c1b1a19181716151413121110",
    { confirm, random },
  ],
];

const dataOf: fc.Arbitrary<OobData> = fc
  .record(
    {
      address: fc.option(identities, { nil: undefined }),
      role: fc.constantFrom(undefined, "peripheral", "central", "peripheralPreferred", "centralPreferred"),
      secure: fc.option(fc.record({ confirm: octets(16), random: octets(16) }), { nil: undefined }),
      temporaryKey: fc.option(octets(16), { nil: undefined }),
    },
    { noNullPrototype: true },
  )
  .map(({ secure, ...rest }) => ({ ...rest, ...secure }));

describe("Out-of-band data (Vol 3, Part H, 2.3.5.4 and 2.3.5.6.4)", () => {
  it.each(cases)("holds %s as AD structures", (_name, hex, value) => {
    expect(toHex(encodeOobData(value))).toBe(hex);
    expect(decodeOobData(fromHex(hex))).toEqual(value);
  });

  it("comes back as it was, as octets and as a text", () => {
    fc.assert(
      fc.property(dataOf, (data) => {
        expect(decodeOobData(encodeOobData(data))).toEqual(data);
        expect(oobDataFromText(oobDataToText(data))).toEqual(data);
      }),
      runs,
    );
  });

  it("decodes or is malformed, whatever the octets, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (any) => {
        try {
          decodeOobData(any);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPduError);
        }
      }),
      runs,
    );
  });

  it.each([
    ["cut off", "081b0100"],
    ["of a wrong length", "071b010000eeffc0"],
    ["twice the same", "021c02021c02"],
    ["a confirm value alone", "11220f0e0d0c0b0a09080706050403020100"],
    ["a random value alone", "11231f1e1d1c1b1a19181716151413121110"],
  ])("is malformed when it is %s", (_name, hex) => {
    expect(() => decodeOobData(fromHex(hex))).toThrow(MalformedPduError);
  });

  it("passes over structures of other types, reserved roles and padding", () => {
    expect(decodeOobData(fromHex("020106 021c7f 081b010000eeffc001 0000"))).toEqual({ address });
  });

  it("is a text that a QR code has a short form for: capital letters, digits and a colon", () => {
    expect(oobDataToText({ address, confirm, random })).toMatch(/^BLEOOB:[0-9A-F]{90}$/);
    expect(oobDataFromText(` ${oobDataToText({ address }).toLowerCase()}\n`)).toEqual({ address });
  });

  it.each(["", "081B010000EEFFC001", "BLEOOB:08 1B", "BLEOOB:0", "HTTPS://EXAMPLE.ORG"])(
    "is no text without its beginning and hex behind it: %j",
    (text) => {
      expect(() => oobDataFromText(text)).toThrow(SyntaxError);
    },
  );

  it("refuses values of another size, and half of a pair, before anything is made", () => {
    expect(() => encodeOobData({ confirm, random: random.subarray(1) })).toThrow(
      "random: 15 octets are not 16",
    );
    expect(() => encodeOobData({ confirm })).toThrow(RangeError);
    expect(() => encodeOobData({ temporaryKey: new Uint8Array(17) })).toThrow(RangeError);
  });

  it("refuses what no compiler would let through, and names it", () => {
    expect(() => encodeOobData({ role: "server" as never })).toThrow(/^role: it is none of peripheral, /);
    expect(() => encodeOobData({ temporaryKey: Array(16).fill(1) as never })).toThrow(/^temporaryKey: /);
    expect(() => decodeOobData(null as never)).toThrow("octets: give a Uint8Array");
    expect(() => oobDataFromText(5 as never)).toThrow("text: give one that begins with BLEOOB:");
  });
});
