import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { JsonPlace } from "../../src/common/json.ts";
import { bondsFromSecrets, type Secret, secretsFromBonds, SecretType } from "../../src/gap/secrets.ts";
import { bondFromJson, bondToJson } from "../../src/smp/bond-json.ts";
import { runs } from "../support/runs.ts";
import { bonds, octets } from "../smp/bonds.ts";

// ble_store_value_sec as a compiler for x86-64 or 32-bit Arm lays it out: 80 octets.
const value = fromHex(
  "01 010000eeffc0 10 3412 000000000000" + // address type, address, key size, EDIV, padding
    "efcdab8967452301" + // Rand
    "1f1e1d1c1b1a19181716151413121110 01" + // LTK
    "0f0e0d0c0b0a09080706050403020100 01" + // IRK
    "2f2e2d2c2b2a29282726252423222120 03" + // CSRK; there is one, authenticated
    "0000000000",
);
const peer: Secret = [SecretType.PeerKeys, value.slice(0, 7), value];
const irk: Secret = [SecretType.OurIrk, new TextEncoder().encode("irk"), fromHex("ff".repeat(15) + "00")];

describe("Secrets of MicroPython", () => {
  it("hold what a peer has handed out, as NimBLE lays it out", () => {
    expect(bondsFromSecrets([peer, irk])).toEqual({
      irk: "00" + "ff".repeat(15),
      bonds: [
        {
          identity: "C0:FF:EE:00:00:01/random",
          irk: "000102030405060708090a0b0c0d0e0f",
          centralKey: {
            key: "101112131415161718191a1b1c1d1e1f",
            ediv: 0x1234,
            rand: "0123456789abcdef",
            keySize: 16,
            authenticated: true,
            secureConnections: false,
          },
          peerSigning: { key: "202122232425262728292a2b2c2d2e2f", counter: 0, authenticated: true },
        },
      ],
    });
  });

  it("are written as they are read", () => {
    const [first, , third] = secretsFromBonds(bondsFromSecrets([peer, irk]));
    expect([first?.[0], toHex(first?.[2] ?? new Uint8Array())]).toEqual([10, "ff".repeat(15) + "00"]);
    expect(third?.[0]).toBe(SecretType.PeerKeys);
    expect(toHex(third?.[1] ?? new Uint8Array())).toBe("01010000eeffc0");
    expect(toHex(third?.[2] ?? new Uint8Array())).toBe(toHex(value));
  });

  it("take bonds there and back, but for the counters and what is said of keys to sign with apart", () => {
    fc.assert(
      fc.property(bonds, octets(16), (bond, own) => {
        const given = { irk: toHex(own), bonds: [bondToJson(bond)] };
        const back = bondsFromSecrets(secretsFromBonds(given));
        expect(back.irk).toBe(given.irk);
        const read = bondFromJson(new JsonPlace(back.bonds[0]));
        const { identity, irk: theirs, centralKey, peripheralKey } = bond;
        expect(read).toMatchObject({ identity, irk: theirs, centralKey, peripheralKey });
        expect(read.localSigning?.key).toEqual(bond.localSigning?.key);
        expect(read.peerSigning?.key).toEqual(bond.peerSigning?.key);
      }),
      runs,
    );
  });

  it("of other types are passed over", () => {
    expect(bondsFromSecrets([[3, new Uint8Array(9), new Uint8Array(12)]])).toEqual({
      irk: undefined,
      bonds: [],
    });
  });

  it.each([
    ["a value of another length", [SecretType.PeerKeys, value.slice(0, 7), value.slice(1)]],
    [
      "a private address",
      [SecretType.PeerKeys, value.slice(0, 7), value.map((octet, i) => (i === 6 ? 0x40 : octet))],
    ],
    [
      "a key without its size",
      [SecretType.OurKeys, value.slice(0, 7), value.map((octet, i) => (i === 7 ? 0 : octet))],
    ],
    ["an identity resolving key of another length", [SecretType.OurIrk, irk[1], new Uint8Array(15)]],
  ] as const)("are refused with %s", (_name, secret) => {
    expect(() => bondsFromSecrets([secret])).toThrow(SyntaxError);
  });
});
