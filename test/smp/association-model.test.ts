import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { associationModel } from "../../src/smp/association-model.ts";
import { AuthReq, type PairingFeatures } from "../../src/smp/pdu.ts";
import { runs } from "../support/runs.ts";

const capabilities = ["DisplayOnly", "DisplayYesNo", "KeyboardOnly", "NoInputNoOutput", "KeyboardDisplay"];

/**
 * Written out by initiator, then responder, from Table 2.8 of Vol 3, Part H, 2.3.5.1: Just Works, numeric Comparison,
 * passkey shown by the Initiator, by the Responder, or typed on Both.
 */
const legacy = ["JJIJI", "JJIJI", "RRBJR", "JJJJJ", "RRIJI"];
const secure = ["JJIJI", "JCIJC", "RRBJR", "JJJJJ", "RCIJC"];

const names: Readonly<Record<string, object>> = {
  J: { method: "justWorks" },
  C: { method: "numericComparison" },
  I: { method: "passkeyEntry", display: "initiator" },
  R: { method: "passkeyEntry", display: "responder" },
  B: { method: "passkeyEntry", display: "neither" },
};

const features = (ioCapability: number, oobDataFlag: number, mitm: boolean): PairingFeatures => ({
  ioCapability,
  oobDataFlag,
  authReq: mitm ? AuthReq.Mitm : 0,
  maximumEncryptionKeySize: 16,
  initiatorKeyDistribution: 0,
  responderKeyDistribution: 0,
});

const cells = capabilities.flatMap((initiator, i) =>
  capabilities.map((responder, r) => [initiator, responder, i, r] as const),
);

describe("association model (Vol 3, Part H, 2.3.5.1)", () => {
  it.each(cells)("of %s as initiator and %s as responder is that of Table 2.8", (_i, _r, i, r) => {
    for (const [own, peer] of [
      [true, true],
      [true, false],
      [false, true],
    ] as const) {
      const [request, response] = [features(i, 0, own), features(r, 0, peer)];
      expect(associationModel(request, response, false)).toEqual(names[legacy[i]![r]!]);
      expect(associationModel(request, response, true)).toEqual(names[secure[i]![r]!]);
    }
    const [request, response] = [features(i, 0, false), features(r, 0, false)];
    for (const both of [false, true]) expect(associationModel(request, response, both)).toEqual(names["J"]);
  });

  it("is out of band if both sides of LE legacy pairing have data, or either of Secure Connections (Tables 2.6, 2.7)", () => {
    const io = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(io, io, fc.boolean(), fc.nat(1), fc.nat(1), fc.boolean(), (i, r, mitm, a, b, both) => {
        const { method } = associationModel(features(i, a, mitm), features(r, b, mitm), both);
        expect(method === "outOfBand").toBe(both ? a + b > 0 : a + b === 2);
      }),
      runs,
    );
  });

  it("is Just Works for capabilities that do not exist, whatever is asked", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 255 }), fc.nat(255), fc.boolean(), (i, r, both) => {
        expect(associationModel(features(i, 0, true), features(r, 0, true), both).method).toBe("justWorks");
        expect(associationModel(features(r, 0, true), features(i, 0, true), both).method).toBe("justWorks");
      }),
      runs,
    );
  });
});
