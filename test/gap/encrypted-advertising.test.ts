import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { AdType } from "../../src/gap/ad-type.ts";
import { structuresIn } from "../../src/gap/advertising-structure.ts";
import {
  decodeEncryptedDataKey,
  decryptAdvertisingData,
  encodeEncryptedDataKey,
  encryptAdvertisingData,
} from "../../src/gap/encrypted-advertising.ts";
import { runs } from "../support/runs.ts";

const key = decodeEncryptedDataKey(fromHex("57a9da12d12e6e131e20612ad10a6a19 9e7a00efb17ae746"));
const plain = structuresIn(fromHex("0f0953686f7274204d696e692d42757303190a8c")).structures;

// Supplement to the Core Specification, Part A, 2.3.1 and 2.3.2
const samples: [name: string, randomizer: string, data: string][] = [
  ["2.3.1", "18e157cade", "18e157cade74e4dcafdc51c7282810c2217f0e4cef4343181fba0069cc"],
  ["2.3.2", "8d1c976e7a", "8d1c976e7a35444076125788c238a58e8bd9cff0defe251a8e7275454c"],
];

describe("Encrypted Advertising Data (Supplement, Part A, 1.23)", () => {
  it("is what the sample data of 2.3.1 says", () => {
    const [, randomizer, data] = samples[0]!;
    const random = { bytes: () => fromHex(randomizer), below: () => 0 };
    const { type, data: made } = encryptAdvertisingData(plain, key, random);
    expect([type, toHex(made)]).toEqual([AdType.EncryptedAdvertisingData, data]);
  });

  it.each(samples)("of sample data %s is decrypted", (_, __, data) => {
    const structure = { type: AdType.EncryptedAdvertisingData, data: fromHex(data) };
    expect(decryptAdvertisingData(structure, key)).toEqual(plain);
  });

  it("comes back as it was, and not with another key or changed in any octet", () => {
    const one = fc.record({ type: fc.integer({ min: 0, max: 255 }), data: fc.uint8Array({ maxLength: 60 }) });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 3 }), fc.nat(), (structures, at) => {
        const encrypted = encryptAdvertisingData(structures, key);
        expect(decryptAdvertisingData(encrypted, key)).toEqual(structures);
        const changed = encrypted.data.slice();
        changed[at % changed.length]! ^= 1;
        expect(decryptAdvertisingData({ ...encrypted, data: changed }, key)).toBeUndefined();
        const other = { ...key, iv: key.iv.map((octet) => octet ^ 1) };
        expect(decryptAdvertisingData(encrypted, other)).toBeUndefined();
      }),
      runs,
    );
  });

  it("of any octets is decrypted or is not, and throws nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (data) => {
        expect(decryptAdvertisingData({ type: AdType.EncryptedAdvertisingData, data }, key)).toBeUndefined();
      }),
      runs,
    );
  });

  it("has a key of 24 octets (Vol 3, Part C, 12.6)", () => {
    expect(decodeEncryptedDataKey(encodeEncryptedDataKey(key))).toEqual(key);
    expect(() => decodeEncryptedDataKey(new Uint8Array(23))).toThrow(MalformedPduError);
    expect(() => encodeEncryptedDataKey({ ...key, iv: new Uint8Array(7) })).toThrow(RangeError);
    expect(() => encryptAdvertisingData([], { ...key, sessionKey: new Uint8Array(8) })).toThrow(RangeError);
    const long = [{ type: 0xff, data: new Uint8Array(250) }];
    expect(() => encryptAdvertisingData(long, key)).toThrow("245");
  });
});
