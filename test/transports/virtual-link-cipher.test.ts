import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, reversed, toHex } from "../../src/common/bytes.ts";
import { LinkCipher, sessionKey } from "../../transports/virtual/link-cipher.ts";
import { Llid } from "../../transports/virtual/llid.ts";
import { sampleKey } from "../support/raw-encryption.ts";
import { runs } from "../support/runs.ts";

// Vol 6, Part C, 1; all as they are on the air, least significant octet first.
const central = { diversifier: fromHex("1302f1e0dfcebdac"), vector: fromHex("24abdcba") };
const peripheral = { diversifier: fromHex("7968574635241302"), vector: fromHex("bebaafde") };
const session = sessionKey(sampleKey, central, peripheral);

const startEncRsp = "06";
const toPeripheral = "1700" + "636465666768696a6b6c6d6e6f707131323334353637383930";
const toCentral = "1700" + "37363534333231304142434445464748494a4b4c4d4e4f5051";

/** For each direction the first two packets: kind, plain, and as on the air. */
const samples = [
  [
    "from the central",
    true,
    [Llid.Control, startEncRsp, "9fcda7f448"],
    [Llid.Start, toPeripheral, "7a70d66415226df26b17839a060405596bd6564f796b5b9ce6ff32f75a6d33"],
  ],
  [
    "from the peripheral",
    false,
    [Llid.Control, startEncRsp, "a34c13a415"],
    [Llid.Start, toCentral, "f38881e7bd94c9c369b9a66846dd4786aa8c39ce540d0dae3adcdf89b96088"],
  ],
] as const;

describe("virtual controller: the cipher of a link (Vol 6, Part E)", () => {
  it("derives the session key of the sample data (Vol 6, Part C, 1)", () => {
    expect(toHex(reversed(session.key))).toBe("99ad1b5226a37e3e058e3b8e27c2c666");
    expect(toHex(session.vector)).toBe("24abdcbabebaafde");
  });

  it.each(samples)(
    "seals the packets of the sample data %s (Vol 6, Part C, 1)",
    (_, fromCentral, ...packets) => {
      const cipher = new LinkCipher(session, fromCentral);
      for (const [llid, plain, sealed] of packets)
        expect(toHex(cipher.seal(llid, fromHex(plain)))).toBe(sealed);
    },
  );

  it.each(samples)(
    "opens the packets of the sample data %s (Vol 6, Part C, 1)",
    (_, fromCentral, ...packets) => {
      const cipher = new LinkCipher(session, fromCentral);
      for (const [llid, plain, sealed] of packets) {
        expect(toHex(cipher.open(llid, fromHex(sealed)) ?? new Uint8Array())).toBe(plain);
      }
    },
  );

  it("opens what it seals, in order, for any payloads and keys", () => {
    const octets = (size: number): fc.Arbitrary<Uint8Array> =>
      fc.uint8Array({ minLength: size, maxLength: size });
    const packet = fc.tuple(
      fc.constantFrom(...Object.values(Llid)),
      fc.uint8Array({ minLength: 1, maxLength: 251 }),
    );
    fc.assert(
      fc.property(
        octets(16),
        octets(8),
        fc.boolean(),
        fc.array(packet),
        (key, vector, fromCentral, packets) => {
          const [sealer, opener] = [0, 1].map(() => new LinkCipher({ key, vector }, fromCentral));
          for (const [llid, payload] of packets) {
            const sealed = sealer!.seal(llid, payload);
            expect(sealed).toHaveLength(payload.length + 4);
            expect(opener!.open(llid, sealed)).toEqual(payload);
          }
        },
      ),
      runs,
    );
  });

  const packet = fromHex("9fcda7f448");
  it.each([
    ["one bit is another", session, true, Llid.Control, fromHex("9fcda7f449")],
    ["the packet is of another kind", session, true, Llid.Start, packet],
    ["it goes the other way", session, false, Llid.Control, packet],
    ["the key is another", { ...session, key: reversed(session.key) }, true, Llid.Control, packet],
    ["the vector is another", { ...session, vector: reversed(session.vector) }, true, Llid.Control, packet],
  ] as const)("refuses a packet when %s (Vol 6, Part E, 1)", (_, key, fromCentral, llid, sealed) => {
    expect(new LinkCipher(key, fromCentral).open(llid, sealed)).toBeUndefined();
  });

  it("refuses a packet that is repeated (Vol 6, Part E, 2.1)", () => {
    const cipher = new LinkCipher(session, true);
    expect(cipher.open(Llid.Control, packet)).toEqual(fromHex(startEncRsp));
    expect(cipher.open(Llid.Control, packet)).toBeUndefined();
  });
});
