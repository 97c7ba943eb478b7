import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { Uuid } from "../../src/common/uuid.ts";
import { AdFlag, AdType, adTypeName } from "../../src/gap/ad-type.ts";
import { decodeAdvertisingData, encodeAdvertisingData } from "../../src/gap/advertising-data.ts";
import type { AdvertisingDataInput, AdvertisingFields } from "../../src/gap/advertising-fields.ts";
import { joinStructures, structuresIn } from "../../src/gap/advertising-structure.ts";
import { compressUri, expandUri } from "../../src/gap/uri-scheme.ts";
import { runs } from "../support/runs.ts";

const roomy = 1650;
const key = "000102030405060708090a0b0c0d0e0f";

/** [what it is, the octets, the fields]. Octets written down from the Supplement's layouts, not taken from the code. */
const table: readonly (readonly [string, string, AdvertisingFields])[] = [
  ["Flags", "02 01 06", { flags: AdFlag.GeneralDiscoverable | AdFlag.BrEdrNotSupported }],
  [
    "Incomplete List of 16-bit Service UUIDs",
    "03 02 0d18",
    { serviceUuids: [Uuid.from(0x180d)], serviceUuidsIncomplete: true },
  ],
  [
    "Complete List of 16-bit Service UUIDs",
    "05 03 0d18 0f18",
    { serviceUuids: [Uuid.from(0x180d), Uuid.from(0x180f)] },
  ],
  [
    "Incomplete List of 32-bit Service UUIDs",
    "05 04 33221100",
    { serviceUuids: [Uuid.from(0x00112233)], serviceUuidsIncomplete: true },
  ],
  ["Complete List of 32-bit Service UUIDs", "05 05 33221100", { serviceUuids: [Uuid.from(0x00112233)] }],
  [
    "Incomplete List of 128-bit Service UUIDs",
    "11 06 9ecadc24 0ee5a9e0 93f3a3b5 0100406e",
    { serviceUuids: [Uuid.from("6e400001-b5a3-f393-e0a9-e50e24dcca9e")], serviceUuidsIncomplete: true },
  ],
  [
    "Complete List of 128-bit Service UUIDs",
    "11 07 9ecadc24 0ee5a9e0 93f3a3b5 0100406e",
    { serviceUuids: [Uuid.from("6e400001-b5a3-f393-e0a9-e50e24dcca9e")] },
  ],
  ["Incomplete List of 16-bit Service UUIDs, none of them in it", "01 02", { serviceUuidsIncomplete: true }],
  ["Shortened Local Name", "05 08 6a656c6c", { localName: "jell", localNameShortened: true }],
  ["Complete Local Name", "08 09 6a656c6c696e67", { localName: "jelling" }],
  ["Tx Power Level", "02 0a ec", { txPowerLevel: -20 }],
  ["Class of Device", "04 0d 0c025a", { classOfDevice: 0x5a020c }],
  ["Simple Pairing Hash C-192", `11 0e ${key}`, { simplePairingHashC192: fromHex(key) }],
  ["Simple Pairing Randomizer R-192", `11 0f ${key}`, { simplePairingRandomizerR192: fromHex(key) }],
  [
    "Device ID",
    "09 10 0100 0f00 3412 0002",
    { deviceId: { vendorIdSource: 1, vendorId: 0x0f, productId: 0x1234, version: 0x0200 } },
  ],
  ["Security Manager TK Value", `11 10 ${key}`, { securityManagerTk: fromHex(key) }],
  ["Security Manager Out of Band Flags", "02 11 0b", { securityManagerOobFlags: 0x0b }],
  [
    "Peripheral Connection Interval Range",
    "05 12 0600 800c",
    { connectionIntervalRange: { minMs: 7.5, maxMs: 4000 } },
  ],
  [
    "Peripheral Connection Interval Range, no minimum",
    "05 12 ffff 1800",
    { connectionIntervalRange: { maxMs: 30 } },
  ],
  ["List of 16-bit Service Solicitation UUIDs", "03 14 0518", { solicitedServiceUuids: [Uuid.from(0x1805)] }],
  [
    "List of 128-bit Service Solicitation UUIDs",
    "11 15 d0002d121e4b0fa4994eceb531f40579",
    { solicitedServiceUuids: [Uuid.from("7905f431-b5ce-4e99-a40f-4b1e122d00d0")] },
  ],
  [
    "Service Data - 16-bit UUID",
    "05 16 aafe 10ee",
    { serviceData: [{ uuid: Uuid.from(0xfeaa), data: fromHex("10ee") }] },
  ],
  [
    "Public Target Address",
    "07 17 060504030201",
    { targetAddresses: [Address.parse("01:02:03:04:05:06/public")] },
  ],
  [
    "Random Target Address",
    "0d 18 0100000000c0 0200000000c0",
    {
      targetAddresses: [Address.parse("C0:00:00:00:00:01/random"), Address.parse("C0:00:00:00:00:02/random")],
    },
  ],
  ["Appearance", "03 19 4103", { appearance: 0x0341 }],
  ["Advertising Interval", "03 1a a000", { advertisingIntervalMs: 100 }],
  [
    "LE Bluetooth Device Address",
    "08 1b 060504030201 00",
    { deviceAddress: Address.parse("01:02:03:04:05:06/public") },
  ],
  [
    "LE Bluetooth Device Address, random",
    "08 1b 0605040302c1 01",
    { deviceAddress: Address.parse("C1:02:03:04:05:06/random") },
  ],
  ["LE Role", "02 1c 02", { role: "both, peripheral preferred" }],
  ["Simple Pairing Hash C-256", `11 1d ${key}`, { simplePairingHashC256: fromHex(key) }],
  ["Simple Pairing Randomizer R-256", `11 1e ${key}`, { simplePairingRandomizerR256: fromHex(key) }],
  [
    "List of 32-bit Service Solicitation UUIDs",
    "05 1f 33221100",
    { solicitedServiceUuids: [Uuid.from(0x00112233)] },
  ],
  [
    "Service Data - 32-bit UUID",
    "06 20 33221100 2a",
    { serviceData: [{ uuid: Uuid.from(0x00112233), data: fromHex("2a") }] },
  ],
  [
    "Service Data - 128-bit UUID",
    "12 21 9ecadc24 0ee5a9e0 93f3a3b5 0100406e 2a",
    { serviceData: [{ uuid: Uuid.from("6e400001-b5a3-f393-e0a9-e50e24dcca9e"), data: fromHex("2a") }] },
  ],
  [
    "LE Secure Connections Confirmation Value",
    `11 22 ${key}`,
    { secureConnectionsConfirmation: fromHex(key) },
  ],
  ["LE Secure Connections Random Value", `11 23 ${key}`, { secureConnectionsRandom: fromHex(key) }],
  ["URI", "0d 24 17 2f2f6578616d706c652e6f", { uri: "https://example.o" }],
  ["URI of a scheme without a code point", "06 24 01 783a2f61", { uri: "x:/a" }],
  ["Indoor Positioning", "03 25 0080", { indoorPositioning: fromHex("0080") }],
  [
    "Transport Discovery Data",
    "09 26 01 02 02 aabb 02 00 00",
    {
      transportDiscovery: [
        { organizationId: 1, flags: 2, data: fromHex("aabb") },
        { organizationId: 2, flags: 0, data: fromHex("") },
      ],
    },
  ],
  ["LE Supported Features", "03 27 ff01", { supportedFeatures: fromHex("ff01") }],
  [
    "Channel Map Update Indication",
    "08 28 ffffffff1f 3412",
    { channelMapUpdate: { channelMap: fromHex("ffffffff1f"), instant: 0x1234 } },
  ],
  ["PB-ADV", "04 29 010203", { pbAdv: fromHex("010203") }],
  ["Mesh Message", "04 2a 010203", { meshMessage: fromHex("010203") }],
  ["Mesh Beacon", "04 2b 010203", { meshBeacon: fromHex("010203") }],
  ["BIGInfo", `22 2c ${"5a".repeat(33)}`, { bigInfo: fromHex("5a".repeat(33)) }],
  ["BIGInfo of an encrypted group", `3a 2c ${"5a".repeat(57)}`, { bigInfo: fromHex("5a".repeat(57)) }],
  ["Broadcast_Code", `11 2d ${key}`, { broadcastCode: fromHex(key) }],
  ["Resolvable Set Identifier", "07 2e 010203040506", { resolvableSetIdentifier: fromHex("010203040506") }],
  ["Advertising Interval - long, 24 bits", "04 2f 000001", { advertisingIntervalMs: 40_960 }],
  ["Advertising Interval - long, 32 bits", "05 2f 00000001", { advertisingIntervalMs: 10_485_760 }],
  ["Broadcast_Name", "05 30 6a656c6c", { broadcastName: "jell" }],
  [
    "Encrypted Advertising Data",
    "0c 31 0102030405 aabb 0a0b0c0d",
    {
      encryptedData: [
        { randomizer: fromHex("0102030405"), payload: fromHex("aabb"), mic: fromHex("0a0b0c0d") },
      ],
    },
  ],
  [
    "Periodic Advertising Response Timing Information",
    "09 32 78563412 05 08 10 28",
    {
      periodicAdvertisingResponseTiming: {
        responseAccessAddress: 0x12345678,
        subevents: 5,
        subeventIntervalMs: 10,
        responseSlotDelayMs: 20,
        responseSlotSpacingMs: 5,
      },
    },
  ],
  ["Electronic Shelf Label", "03 34 0102", { electronicShelfLabel: fromHex("0102") }],
  ["3D Information Data", "03 3d 0312", { threeDInformation: { flags: 3, pathLossThreshold: 0x12 } }],
  [
    "Manufacturer Specific Data",
    "05 ff 4c00 0102",
    { manufacturerData: [{ companyId: 0x004c, data: fromHex("0102") }] },
  ],
];

const lists = { serviceUuids: [], serviceData: [], manufacturerData: [] };

/** The fields alone, without what decode adds. */
function fieldsOf(octets: Uint8Array): AdvertisingFields {
  const { structures, truncated, ...fields } = decodeAdvertisingData(octets);
  expect([structures.length > 0 || octets.length === 0, truncated]).toEqual([true, false]);
  return fields;
}

describe("Advertising data", () => {
  for (const [name, hex, fields] of table) {
    it(`${name}: decodes and encodes`, () => {
      expect(fieldsOf(fromHex(hex))).toEqual({ ...lists, ...fields });
      expect(toHex(encodeAdvertisingData(fields, roomy))).toBe(toHex(fromHex(hex)));
    });
  }

  it("has a row above for every AD type, and a name", () => {
    const covered = new Set(table.map(([, hex]) => fromHex(hex)[1]));
    for (const type of Object.values(AdType)) {
      expect(covered).toContain(type);
      expect(adTypeName(type)).toBeTruthy();
    }
    expect(adTypeName(0x77)).toBeUndefined();
  });

  it("decodes any octets, and keeps every whole structure as it was (Vol 3, Part C, 11)", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
        const { structures, truncated } = decodeAdvertisingData(octets);
        const significant = joinStructures(structures);
        expect(toHex(octets.subarray(0, significant.length))).toBe(toHex(significant));
        const behind = octets[significant.length] ?? 0;
        expect(truncated).toBe(behind > 0);
      }),
      runs,
    );
  });

  it("decodes any content of any type, and what it understood of one it can encode again", () => {
    const structure = fc.record(
      { type: fc.constantFrom(...Object.values(AdType)), data: fc.uint8Array({ maxLength: 60 }) },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(structure, (one) => {
        const fields = fieldsOf(joinStructures([one]));
        // Of these the air may say what a program may not.
        if (fields.connectionIntervalRange) return;
        expect(fieldsOf(encodeAdvertisingData(fields, roomy))).toEqual(fields);
      }),
      runs,
    );
  });

  it("decodes what it encodes, all properties together", () => {
    const octets = (size: number): fc.Arbitrary<Uint8Array> =>
      fc.uint8Array({ minLength: size, maxLength: size });
    const uuid = fc
      .oneof(fc.integer({ min: 0, max: 0xffff_ffff }), octets(16))
      .map((value) => Uuid.from(value));
    const uuids = fc
      .array(uuid, { maxLength: 8 })
      .map((list) => [2, 4, 16].flatMap((width) => list.filter((one) => widthOnAir(one) === width)));
    const text = fc.string({ unit: "grapheme", maxLength: 20 }).map((value) => value.replaceAll("\0", ""));
    const data = fc.uint8Array({ maxLength: 40 });
    const input = fc.record(
      {
        flags: fc.integer({ min: 0, max: 255 }),
        serviceUuids: uuids,
        localName: text,
        txPowerLevel: fc.integer({ min: -128, max: 127 }),
        appearance: fc.integer({ min: 0, max: 0xffff }),
        serviceData: fc.array(fc.record({ uuid, data }, { noNullPrototype: true }), { maxLength: 3 }),
        manufacturerData: fc.array(
          fc.record({ companyId: fc.integer({ min: 0, max: 0xffff }), data }, { noNullPrototype: true }),
          { maxLength: 3 },
        ),
        advertisingIntervalMs: fc.integer({ min: 0, max: 0xffff_ffff }).map((units) => units * 0.625),
        uri: fc.webUrl(),
        broadcastName: text,
      },
      { requiredKeys: ["serviceUuids", "serviceData", "manufacturerData"], noNullPrototype: true },
    );
    fc.assert(
      fc.property(input, (fields) => {
        expect(fieldsOf(encodeAdvertisingData(fields, roomy))).toEqual(fields);
      }),
      runs,
    );
  });

  it("is a copy that outlives the packet", () => {
    for (const packet of [fromHex("05 ff 4c00 0102"), Buffer.from("05ff4c000102", "hex")]) {
      const { manufacturerData, structures } = decodeAdvertisingData(packet);
      packet.fill(0);
      expect(toHex(manufacturerData[0]!.data)).toBe("0102");
      expect(toHex(structures[0]!.data)).toBe("4c000102");
    }
  });

  it.each([
    ["a UUID cut short", "02 16 aa", AdType.ServiceData16],
    ["a company cut short", "02 ff 4c", AdType.ManufacturerSpecificData],
    ["a power level of two octets", "03 0a 0000", AdType.TxPowerLevel],
    ["a role that does not exist", "02 1c 04", AdType.Role],
    ["a target address and a half", "0a 17 060504030201 060504", AdType.PublicTargetAddress],
    ["neither a TK nor a Device ID", "04 10 010203", AdType.SecurityManagerTkOrDeviceId],
    ["a transport block longer than its structure", "05 26 01 00 02 aa", AdType.TransportDiscoveryData],
    ["encrypted data without room for its check", "09 31 0102030405060708", AdType.EncryptedAdvertisingData],
    ["a long interval of two octets", "03 2f 0001", AdType.AdvertisingIntervalLong],
    ["an unknown type", "03 77 0001", 0x77],
  ])("keeps %s raw", (_name, hex, type) => {
    const { structures, truncated, ...fields } = decodeAdvertisingData(fromHex(`${hex} 02 01 06`));
    expect(fields).toEqual({ ...lists, flags: 6 });
    expect(structures.map((structure) => structure.type)).toEqual([type, AdType.Flags]);
    expect(truncated).toBe(false);
  });

  it("reports a structure longer than what is left, and keeps what came before", () => {
    expect(decodeAdvertisingData(fromHex("020106 0509414243"))).toMatchObject({ flags: 6, truncated: true });
    expect(structuresIn(fromHex("020106 05"))).toEqual({
      structures: [{ type: 1, data: fromHex("06") }],
      truncated: true,
    });
  });

  it("takes whole UUIDs from a list that does not end with one, in the order of the air", () => {
    const { serviceUuids } = decodeAdvertisingData(fromHex("06 03 0d180f18aa 05 05 33221100 03 02 0a18"));
    expect(serviceUuids.map(String)).toEqual(["180d", "180f", "00112233", "180a"]);
  });

  it("prefers the complete name to the shortened one, whichever comes first", () => {
    for (const hex of ["03084142 0409414243", "0409414243 03084142"]) {
      const { localName, localNameShortened } = decodeAdvertisingData(fromHex(hex));
      expect([localName, localNameShortened]).toEqual(["ABC", undefined]);
    }
  });

  it.each([
    ["at a NUL", "4100420a", "A"],
    ["in front of a character cut in the middle", "41e0a4", "A"],
    ["in front of an octet that begins no character", "41ff42", "A"],
    ["never for a replacement character that was sent", "41efbfbd42", "A\ufffdB"],
    ["behind the one sent, at the one that was not", "efbfbd42ff43", "\ufffdB"],
    ["and keeps a byte order mark", "efbbbf41", "\ufeffA"],
  ])("ends a name %s", (_where, hex, name) => {
    const data = fromHex(hex);
    expect(decodeAdvertisingData(joinStructures([{ type: AdType.CompleteLocalName, data }])).localName).toBe(
      name,
    );
  });

  it("takes UUIDs and addresses in every form a program may give them", () => {
    const input: AdvertisingDataInput = {
      serviceUuids: ["180d", 0x180f, "0000180a-0000-1000-8000-00805f9b34fb"],
      serviceData: [{ uuid: "feaa", data: Uint8Array.of(1) }],
      deviceAddress: "C0:FF:EE:00:00:01/random",
      others: [{ type: 0x77, data: Uint8Array.of(2) }],
    };
    expect(toHex(encodeAdvertisingData(input))).toBe("07030d180f180a180416aafe01081b010000eeffc001027702");
  });

  it("names what does not fit, and how many octets there are too many", () => {
    const input = { flags: 6, serviceUuids: ["180d"], localName: "x".repeat(24) };
    expect(() => encodeAdvertisingData(input)).toThrow(
      new RangeError("advertising data is 2 octets too long for 31: localName does not fit any more"),
    );
    expect(encodeAdvertisingData({ ...input, localName: "x".repeat(22) })).toHaveLength(31);
  });

  it.each<[string, AdvertisingDataInput, RegExp]>([
    ["flags", { flags: 256 }, /^flags: /],
    ["a power level", { txPowerLevel: 200 }, /^txPowerLevel: /],
    ["a key", { securityManagerTk: new Uint8Array(15) }, /^securityManagerTk: .*15 octets/],
    ["an interval", { connectionIntervalRange: { minMs: 5 } }, /^connectionIntervalRange: .*7.5/],
    ["a range", { connectionIntervalRange: { minMs: 50, maxMs: 20 } }, /^connectionIntervalRange: .*50/],
    [
      "an interval that is no number",
      { connectionIntervalRange: { minMs: Number.NaN } },
      /^connectionIntervalRange: /,
    ],
    ["a BIGInfo", { bigInfo: new Uint8Array(34) }, /^bigInfo: 34 octets/],
    ["a long name", { localName: "x".repeat(255) }, /^localName: 1 octets more/],
  ])("refuses %s beyond what the type can say", (_name, input, message) => {
    expect(() => encodeAdvertisingData(input, roomy)).toThrow(RangeError);
    expect(() => encodeAdvertisingData(input, roomy)).toThrow(message);
  });
});

describe("URI schemes (Assigned Numbers, 2.7)", () => {
  it.each([
    ["\u0002x", "aaa:x"],
    ["\u0016//a", "http://a"],
    ["\u0017//a", "https://a"],
    ["\u0045+45", "tel:+45"],
    ["\u0073x", "finger:x"],
    ["\u00a0x", "sftp:x"],
    ["\u00bcx", "bl:x"],
    ["\u0001own:x", "own:x"],
    ["\u0300x", "\u0300x"],
  ])("%j stands for %j", (compressed, whole) => {
    expect(expandUri(compressed)).toBe(whole);
    expect(compressUri(whole)).toBe(compressed);
  });

  it("does not mind the case of a scheme", () => {
    expect(compressUri("HTTPS://a")).toBe("\u0017//a");
  });
});

interface AdCase {
  readonly name: string;
  readonly data: string;
  readonly structures: readonly { readonly type: number; readonly data: string }[];
  readonly expect?: {
    readonly flags: number | null;
    readonly name: string | null;
    readonly nameComplete: boolean | null;
    readonly txPower: number | null;
    readonly serviceUuids: readonly string[];
  };
}

const vectors = new URL("../../../shared/vectors/adv-cases.json", import.meta.url);
const present = existsSync(vectors);

describe.skipIf(!present)(
  "Advertising data of real devices (skipped without ../shared/vectors/adv-cases.json)",
  () => {
    const { cases } = present
      ? (JSON.parse(readFileSync(vectors, "utf8")) as { cases: readonly AdCase[] })
      : { cases: [] };

    it("has cases", () => {
      expect(cases.length).toBeGreaterThan(30);
    });

    for (const { name, data, structures, expect: expected } of cases) {
      it(name, () => {
        const decoded = decodeAdvertisingData(fromHex(data));
        expect(decoded.structures.map(({ type, data }) => ({ type, data: toHex(data) }))).toEqual(structures);
        if (!expected) return;
        expect({
          flags: decoded.flags ?? null,
          name: decoded.localName ?? null,
          nameComplete: decoded.localName === undefined ? null : decoded.localNameShortened !== true,
          txPower: decoded.txPowerLevel ?? null,
          serviceUuids: decoded.serviceUuids.map(({ key }) => key),
        }).toEqual(expected);
      });
    }
  },
);

function widthOnAir(uuid: Uuid): number {
  if (uuid.short === undefined) return 16;
  return uuid.short > 0xffff ? 4 : 2;
}
