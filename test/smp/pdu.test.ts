import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import type { Codec } from "../../src/common/codec.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { PairingFailure, pairingFailureName } from "../../src/smp/pairing-failure.ts";
import * as smp from "../../src/smp/pdu.ts";
import { codecByCode, codecs } from "../../src/smp/registry.ts";
import * as testing from "../../testing/index.ts";
import { runs } from "../support/runs.ts";

type Row<T> = readonly [title: string, codec: Codec<T>, hex: string, value: T];
const row = <T>(title: string, codec: Codec<T>, hex: string, value: T): Row<unknown> => [
  title,
  codec,
  hex,
  value,
];

const onAir16 = "000102030405060708090a0b0c0d0e0f";
const value16 = fromHex("0f0e0d0c0b0a09080706050403020100");

const table: readonly Row<unknown>[] = [
  row("Pairing Request (3.5.1)", smp.PairingRequest, "01 04 00 2d 10 0f 03", {
    ioCapability: smp.IoCapability.KeyboardDisplay,
    oobDataFlag: 0,
    authReq: smp.AuthReq.Bonding | smp.AuthReq.Mitm | smp.AuthReq.SecureConnections | smp.AuthReq.Ct2,
    maximumEncryptionKeySize: 16,
    initiatorKeyDistribution: 0x0f,
    responderKeyDistribution: smp.KeyDistribution.EncKey | smp.KeyDistribution.IdKey,
  }),
  row("Pairing Response (3.5.2)", smp.PairingResponse, "02 03 01 01 07 00 01", {
    ioCapability: smp.IoCapability.NoInputNoOutput,
    oobDataFlag: 1,
    authReq: smp.AuthReq.Bonding,
    maximumEncryptionKeySize: 7,
    initiatorKeyDistribution: 0,
    responderKeyDistribution: smp.KeyDistribution.EncKey,
  }),
  row("Pairing Confirm (3.5.3)", smp.PairingConfirm, `03 ${onAir16}`, { value: value16 }),
  row("Pairing Random (3.5.4)", smp.PairingRandom, `04 ${onAir16}`, { value: value16 }),
  row("Pairing Failed (3.5.5)", smp.PairingFailed, "05 04", { reason: PairingFailure.ConfirmValueFailed }),
  row(
    "Pairing Public Key, the debug key (3.5.6; 2.3.5.6.1)",
    smp.PairingPublicKey,
    `0c e69d350e480103ccdbfdf4ac1191f4efb9a5f9e9a7832c5e2cbe97f2d203b020
       8bd28915d08e1c742430ed8fc24563765c15525abf9a32636deb2a65499c80dc`,
    {
      x: fromHex("20b003d2f297be2c5e2c83a7e9f9a5b9eff49111acf4fddbcc0301480e359de6"),
      y: fromHex("dc809c49652aeb6d63329abf5a52155c766345c28fed3024741c8ed01589d28b"),
    },
  ),
  row("Pairing DHKey Check (3.5.7)", smp.PairingDhKeyCheck, `0d ${onAir16}`, { value: value16 }),
  row("Pairing Keypress Notification (3.5.8)", smp.PairingKeypressNotification, "0e 04", {
    type: smp.KeypressType.PasskeyEntryCompleted,
  }),
  row("Encryption Information (3.6.2)", smp.EncryptionInformation, `06 ${onAir16}`, { ltk: value16 }),
  row("Central Identification (3.6.3)", smp.CentralIdentification, "07 3412 0807060504030201", {
    ediv: 0x1234,
    rand: fromHex("0102030405060708"),
  }),
  row("Identity Information (3.6.4)", smp.IdentityInformation, `08 ${onAir16}`, { irk: value16 }),
  row("Identity Address Information (3.6.5)", smp.IdentityAddressInformation, "09 01 010000eeffc0", {
    addressType: 1,
    address: 0xc0ffee000001,
  }),
  row("Signing Information (3.6.6)", smp.SigningInformation, `0a ${onAir16}`, { csrk: value16 }),
  row("Security Request (3.6.7)", smp.SecurityRequest, "0b 05", { authReq: 0x05 }),
];

describe("SMP commands, as Vol 3, Part H, 3.5 and 3.6 lay them out", () => {
  it.each(table)("%s decodes to its fields", (_, codec, hex, value) => {
    expect(codec.decode(fromHex(hex))).toEqual(value);
  });

  it.each(table)("%s encodes to its octets", (_, codec, hex, value) => {
    expect(toHex(codec.encode(value))).toBe(toHex(fromHex(hex)));
  });

  it.each(table)("%s has exactly one length", (_, codec, hex) => {
    const octets = fromHex(hex);
    expect(() => codec.decode(octets.subarray(0, -1))).toThrow(MalformedPduError);
    expect(() => codec.decode(Uint8Array.of(...octets, 0))).toThrow(MalformedPduError);
    expect(() => codec.decode(new Uint8Array(0))).toThrow(MalformedPduError);
  });

  it("are all in the table above, each under a code of its own (3.3)", () => {
    expect(table.map(([, codec]) => codec.opcode).sort((a, b) => a - b)).toEqual(Object.values(smp.Code));
    expect(new Set(codecs)).toEqual(new Set(table.map(([, codec]) => codec)));
    for (const codec of codecs) expect(codecByCode(codec.opcode)).toBe(codec);
    expect(codecByCode(0x00)).toBeUndefined();
    expect(codecByCode(0x0f)).toBeUndefined();
  });

  it("decode keys to copies that outlive the packet", () => {
    const octets = fromHex(`06 ${onAir16}`);
    const { ltk } = smp.EncryptionInformation.decode(octets);
    octets.fill(0xff);
    expect(ltk).toEqual(value16);
  });

  it.each([
    ["a confirm value of 15 octets", () => smp.PairingConfirm.encode({ value: new Uint8Array(15) })],
    [
      "a public key with Y of 33 octets",
      () => smp.PairingPublicKey.encode({ x: new Uint8Array(32), y: new Uint8Array(33) }),
    ],
    [
      "an address of 49 bits",
      () => smp.IdentityAddressInformation.encode({ addressType: 0, address: 2 ** 48 }),
    ],
    ["a reason of 9 bits", () => smp.PairingFailed.encode({ reason: 0x100 })],
  ])("cannot be sent with %s: RangeError", (_, encode) => {
    expect(encode).toThrow(RangeError);
  });
});

describe.each(testing.codecs("SMP"))("$name", (codec) => {
  it("decodes what it encodes, reserved values too", () => {
    fc.assert(
      fc.property(codec.encodable, (value) => {
        testing.roundTrips(codec, value);
      }),
      runs,
    );
  });

  it("writes what the specification allows as it was", () => {
    fc.assert(
      fc.property(codec.octets, (octets) => {
        testing.reencodes(codec, octets);
      }),
      runs,
    );
  });

  it("decodes what is nearly right, or any octets, to what gives them back, or they are malformed, nothing else", () => {
    const nearly = codec.mutations.map(({ octets }) => octets);
    const any = fc.uint8Array({ maxLength: 80 }).map((octets) => Uint8Array.of(codec.code, ...octets));
    fc.assert(
      fc.property(fc.oneof(nearly, any, fc.uint8Array({ maxLength: 80 })), (octets) => {
        const value = testing.decodedUnlessMalformed(codec, octets);
        if (value !== undefined) testing.reencodes(codec, octets);
      }),
      runs,
    );
  });

  it("takes another's code for malformed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (octets) => {
        fc.pre(octets[0] !== codec.code);
        expect(testing.decodedUnlessMalformed(codec, octets)).toBeUndefined();
      }),
      runs,
    );
  });
});

describe("whole pairings", () => {
  it.each([
    ["LE Secure Connections", testing.pairingConversations],
    ["LE legacy pairing", testing.legacyPairingConversations],
  ])(
    "of %s consist of commands that decode and encode to the same octets (3.5, 3.6)",
    (_name, conversations) => {
      fc.assert(
        fc.property(conversations, ({ pdus }) => {
          for (const { pdu } of pdus) {
            const codec = codecByCode(pdu[0]!);
            expect(codec).toBeDefined();
            testing.reencodes(codec!, pdu);
          }
        }),
        runs,
      );
    },
  );
});

describe("reasons of Pairing Failed", () => {
  it("are 0x01 to 0x10, each with a name of its own (3.5.5)", () => {
    const reasons = Object.values(PairingFailure);
    expect(reasons).toEqual(Array.from({ length: 0x10 }, (_, i) => i + 1));
    expect(new Set(reasons.map(pairingFailureName)).size).toBe(reasons.length);
    expect(pairingFailureName(0x04)).toBe("Confirm Value Failed");
    expect(pairingFailureName(0x0f)).toBe("Key Rejected");
    expect(pairingFailureName(0x11)).toBe("Reserved Reason");
  });
});

// Scripts of pairings that may lie beside the checkout.
const file = new URL("../../../shared/vectors/smp-cases.json", import.meta.url);

interface Case {
  readonly name: string;
  readonly script: readonly { readonly pdu?: string | null }[];
}

describe("SMP commands of recorded pairings", () => {
  it("decode and encode to the same octets, but for those that are malformed on purpose (3.5, 3.6)", ({
    skip,
  }) => {
    if (!existsSync(file)) skip("shared/vectors/smp-cases.json is not beside the checkout");
    const cases = JSON.parse(readFileSync(file, "utf8")) as Readonly<
      Record<"sessions" | "templates" | "negative", Case[]>
    >;
    let count = 0;
    const malformed: string[] = [];
    for (const { name, script } of [...cases.sessions, ...cases.templates, ...cases.negative]) {
      for (const { pdu } of script) {
        if (!pdu) continue;
        const octets = fromHex(pdu);
        const codec = codecByCode(octets[0]!);
        count++;
        try {
          expect(toHex(codec!.encode(codec!.decode(octets))), name).toBe(pdu);
        } catch (error) {
          if (!(error instanceof MalformedPduError)) throw error;
          malformed.push(name);
        }
      }
    }
    expect(malformed).toEqual(["SMP Server - Invalid Request 3"]);
    expect(count).toBeGreaterThan(600);
  });
});
