import { createECDH } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fromHex, reversed, toHex } from "../../src/common/bytes.ts";
import {
  LeGenerateDhKey,
  LeGenerateDhKeyV2,
  LeReadLocalP256PublicKey,
  LeSetHostFeature,
  LeReadLocalSupportedFeatures,
} from "../../src/hci/commands/le-controller.ts";
import {
  LeGenerateDhKeyComplete,
  LeReadLocalP256PublicKeyComplete,
} from "../../src/hci/events/le-security.ts";
import { Reset } from "../../src/hci/commands/controller-baseband.ts";
import { Status } from "../../src/hci/status.ts";
import type { PublicKey } from "../../transports/virtual/p256.ts";
import { RawPair, type RawStation } from "../support/raw-pair.ts";

/** Vol 3, Part H, 2.3.5.6.1; most significant octet first. */
const debug = {
  privateKey: "3f49f6d4a3c55f3874c9b3e3d2103f504aff607beb40b7995899b8a6cd3c1abd",
  x: "20b003d2f297be2c5e2c83a7e9f9a5b9eff49111acf4fddbcc0301480e359de6",
  y: "dc809c49652aeb6d63329abf5a52155c766345c28fed3024741c8ed01589d28b",
};
const debugPublicKey: PublicKey = {
  keyXCoordinate: reversed(fromHex(debug.x)),
  keyYCoordinate: reversed(fromHex(debug.y)),
};

const publicKey = ({ host }: RawStation): PublicKey => {
  host.ask(LeReadLocalP256PublicKey, {});
  const { status, ...key } = host.takeOne(LeReadLocalP256PublicKeyComplete);
  expect(status).toBe(0);
  return key;
};
const hex = ({ keyXCoordinate, keyYCoordinate }: PublicKey): string =>
  toHex(keyXCoordinate) + toHex(keyYCoordinate);

describe("virtual controller: P-256 (Vol 4, Part E, 7.8.36 and 7.8.37)", () => {
  it("gives a public key that is on the curve, another each time, and the same for the same seed", () => {
    const draw = (): string[] => {
      const { a } = new RawPair();
      return [1, 2].map(() => hex(publicKey(a)));
    };
    const keys = draw();
    expect(draw()).toEqual(keys);
    expect(new Set(keys).size).toBe(2);
  });

  it("computes the same key at both ends, and the one that node:crypto does (7.8.37)", () => {
    const pair = new RawPair();
    const [ofA, ofB] = [publicKey(pair.a), publicKey(pair.b)];
    pair.a.host.ask(LeGenerateDhKey, ofB);
    pair.b.host.ask(LeGenerateDhKey, ofA);
    const atA = pair.a.host.takeOne(LeGenerateDhKeyComplete);
    expect(atA.status).toBe(0);
    expect(pair.b.host.takeOne(LeGenerateDhKeyComplete)).toEqual(atA);
    const ecdh = createECDH("prime256v1");
    ecdh.generateKeys();
    const point = ecdh.getPublicKey();
    pair.a.host.ask(LeGenerateDhKey, {
      keyXCoordinate: reversed(point.subarray(1, 33)),
      keyYCoordinate: reversed(point.subarray(33)),
    });
    const theirs = ecdh.computeSecret(
      fromHex("04" + toHex(reversed(ofA.keyXCoordinate)) + toHex(reversed(ofA.keyYCoordinate))),
    );
    expect(toHex(reversed(pair.a.host.takeOne(LeGenerateDhKeyComplete).dhKey))).toBe(toHex(theirs));
  });

  it("uses the debug key in the second version, without a key pair of its own (7.8.37)", () => {
    const pair = new RawPair();
    const ofB = publicKey(pair.b);
    pair.a.host.ask(LeGenerateDhKeyV2, { ...ofB, keyType: 1 });
    pair.b.host.ask(LeGenerateDhKeyV2, { ...debugPublicKey, keyType: 0 });
    const atA = pair.a.host.takeOne(LeGenerateDhKeyComplete);
    expect(atA.status).toBe(0);
    expect(pair.b.host.takeOne(LeGenerateDhKeyComplete)).toEqual(atA);
  });

  it.each([
    ["not on the curve", { ...debugPublicKey, keyYCoordinate: new Uint8Array(32).fill(1) }],
    ["zero", { keyXCoordinate: new Uint8Array(32), keyYCoordinate: new Uint8Array(32) }],
    ["beyond the field", { ...debugPublicKey, keyXCoordinate: new Uint8Array(32).fill(0xff) }],
  ])("answers a key that is %s with 0x12 and nothing but 0xff (7.8.37 and 7.7.65.9)", (_, key) => {
    const { a } = new RawPair();
    publicKey(a);
    a.host.ask(LeGenerateDhKey, key);
    expect(a.host.takeOne(LeGenerateDhKeyComplete)).toEqual({
      status: Status.InvalidHciCommandParameters,
      dhKey: new Uint8Array(32).fill(0xff),
    });
  });

  it("refuses a type of key that is not there: 0x12, and a private key that is not there: Command Disallowed", () => {
    const { a } = new RawPair();
    expect(a.host.status(LeGenerateDhKeyV2, { ...debugPublicKey, keyType: 2 })).toBe(0x12);
    expect(a.host.status(LeGenerateDhKeyV2, { ...debugPublicKey, keyType: 0 })).toBe(
      Status.CommandDisallowed,
    );
    expect(a.host.status(LeGenerateDhKey, debugPublicKey)).toBe(Status.CommandDisallowed);
    publicKey(a);
    expect(a.host.status(LeGenerateDhKey, debugPublicKey)).toBe(Status.Success);
    a.host.ask(Reset, {});
    expect(a.host.status(LeGenerateDhKey, debugPublicKey)).toBe(Status.CommandDisallowed);
  });
});

describe("virtual controller: features that are the host's (Vol 4, Part E, 7.8.115)", () => {
  const subrating = 38;
  const has = ({ host }: RawStation, bit: number): boolean => {
    const { features } = host.ask(LeReadLocalSupportedFeatures, {});
    return (((features[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
  };

  it("are set and cleared, and off after HCI_Reset (7.8.115)", () => {
    const { a } = new RawPair();
    expect(has(a, subrating)).toBe(false);
    a.host.ask(LeSetHostFeature, { bitNumber: subrating, bitValue: true });
    expect(has(a, subrating)).toBe(true);
    a.host.ask(LeSetHostFeature, { bitNumber: subrating, bitValue: false });
    expect(has(a, subrating)).toBe(false);
    a.host.ask(LeSetHostFeature, { bitNumber: subrating, bitValue: true });
    a.host.ask(Reset, {});
    expect(has(a, subrating)).toBe(false);
  });

  it.each([
    ["a bit that is the controller's", 0, true, Status.UnsupportedFeatureOrParameterValue],
    ["a bit that there is none of", 255, false, Status.UnsupportedFeatureOrParameterValue],
    ["isochronous streams, which it has not", 32, true, Status.UnsupportedFeatureOrParameterValue],
    ["isochronous streams, to clear them", 32, false, Status.Success],
  ])("LE Set Host Feature with %s (7.8.115)", (_, bitNumber, bitValue, status) => {
    expect(new RawPair().a.host.status(LeSetHostFeature, { bitNumber, bitValue })).toBe(status);
  });

  it("do not change while there is a connection: Command Disallowed (7.8.115)", () => {
    const pair = new RawPair();
    pair.connect();
    const set = { bitNumber: subrating, bitValue: true };
    expect(pair.a.host.status(LeSetHostFeature, set)).toBe(Status.CommandDisallowed);
  });

  it("take a value of 0 or 1: else 0x12 (7.8.115)", () => {
    const { a } = new RawPair();
    a.host.send(Uint8Array.of(1, 0x74, 0x20, 2, subrating, 2));
    expect(a.host.takeAnswers(LeSetHostFeature.opcode).map(({ status }) => status)).toEqual([0x12]);
  });
});
