import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { fromHex, reversed, toHex } from "../../src/common/bytes.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { aesCmac, cmacSubkeys, e, sameSecret, wipe } from "../../src/common/aes.ts";
import {
  addressOctets,
  ah,
  c1,
  f4,
  f5,
  f6,
  g2,
  h6,
  h7,
  masked,
  s1,
  typedAddress,
} from "../../src/smp/crypto.ts";
import { generateKeyPair, isDebugKey, keyPairOf } from "../../src/smp/p256.ts";
import { signatureOf } from "../../src/smp/signing.ts";

const address = (hex: string, type: number): Address =>
  new Address(type === 1 ? "random" : "public", Number.parseInt(hex, 16));
const typed = (hex: string): Address => address(hex.slice(2), Number.parseInt(hex.slice(0, 2), 16));

// Vol 3, Part H, Appendix D
const u = fromHex("20b003d2 f297be2c 5e2c83a7 e9f9a5b9 eff49111 acf4fddb cc030148 0e359de6");
const v = fromHex("55188b3d 32f6bb9a 900afcfb eed4e72a 59cb9ac2 f19d7cfb 6b4fdd49 f47fc5fd");
const x = fromHex("d5cb8454 d177733e ffffb2ec 712baeab");
const y = fromHex("a6e8e7cc 25a75f6e 216583f7 ff3dc4cf");
const w = fromHex("ec0234a3 57c8ad05 341010a6 0a397d9b 99796b13 b4f866f1 868d34f3 73bfa698");
const a1 = typed("0056123737bfce");
const a2 = typed("00a713702dcfc1");

describe("cryptographic toolbox (Vol 3, Part H, 2.2)", () => {
  it("AES-CMAC matches sample data D.1, of messages of 0, 16, 40 and 64 octets", () => {
    const key = fromHex("2b7e1516 28aed2a6 abf71588 09cf4f3c");
    const message = fromHex(
      `6bc1bee2 2e409f96 e93d7e11 7393172a ae2d8a57 1e03ac9c 9eb76fac 45af8e51
       30c81c46 a35ce411 e5fbc119 1a0a52ef f69f2445 df4f9b17 ad2b417b e66c3710`,
    );
    expect(toHex(aesCmac(key, message.subarray(0, 0)))).toBe("bb1d6929e95937287fa37d129b756746");
    expect(toHex(aesCmac(key, message.subarray(0, 16)))).toBe("070a16b46b4d4144f79bdd9dd04a287c");
    expect(toHex(aesCmac(key, message.subarray(0, 40)))).toBe("dfa66747de9ae63030ca32611497c827");
    expect(toHex(aesCmac(key, message))).toBe("51f0bebf7e3b9d92fc49741779363cfe");
  });

  it("f4 matches sample data D.2", () => {
    expect(toHex(f4(u, v, x, 0))).toBe("f2c916f107a9bd1cf1eda1bea974872d");
  });

  it("f5 matches sample data D.3", () => {
    const { macKey, ltk } = f5(w, x, y, a1, a2);
    expect(toHex(macKey)).toBe("2965f176a1084a02fd3f6a20ce636e20");
    expect(toHex(ltk)).toBe("6986791169d7cd23980522b594750a38");
  });

  it("f6 matches sample data D.4", () => {
    const macKey = fromHex("2965f176 a1084a02 fd3f6a20 ce636e20");
    const r = fromHex("12a3343b b453bb54 08da42d2 0c2d0fc8");
    expect(toHex(f6(macKey, x, y, r, fromHex("010102"), a1, a2))).toBe("e3c473989cd0e8c5d26c0b09da958f61");
  });

  it("g2 matches sample data D.5, of which numeric comparison shows six digits", () => {
    expect(g2(u, v, x, y)).toBe(0x2f9ed5ba);
    expect(g2(u, v, x, y) % 1_000_000).toBe(938554);
  });

  it("h6, ah and h7 match sample data D.6 to D.8", () => {
    const key = fromHex("ec0234a3 57c8ad05 341010a6 0a397d9b");
    expect(toHex(h6(key, fromHex("6c656272")))).toBe("2d9ae102e76dc91ce8d3a9e280b16399");
    expect(toHex(ah(key, fromHex("708194")))).toBe("0dfbaa");
    expect(toHex(h7(fromHex("00000000 00000000 00000000 746d7031"), key))).toBe(
      "fb173597c6a3c0ecd2998c2a75a57011",
    );
  });

  it("c1 and s1 match the examples of 2.2.3 and 2.2.4", () => {
    const context = {
      preq: fromHex("07071000000101"),
      pres: fromHex("05000800000302"),
      initiator: address("a1a2a3a4a5a6", 1),
      responder: address("b1b2b3b4b5b6", 0),
    };
    const zero = new Uint8Array(16);
    expect(toHex(c1(zero, fromHex("5783d52156ad6f0e6388274ec6702ee0"), context))).toBe(
      "1e1e3fef878988ead2a74dc5bef13b86",
    );
    const [r1, r2] = [
      fromHex("000f0e0d0c0b0a091122334455667788"),
      fromHex("010203040506070899aabbccddeeff00"),
    ];
    expect(toHex(s1(zero, r1, r2))).toBe("9a1fe1f0e8b0f49b5b4216ae796da062");
  });

  it("takes an address with an octet for its type in front (2.2.7)", () => {
    expect(toHex(typedAddress(Address.parse("C0:FF:EE:00:00:01/random")))).toBe("01c0ffee000001");
    expect(toHex(typedAddress(Address.parse("00:0A:00:00:00:01/public")))).toBe("00000a00000001");
    expect(toHex(addressOctets(new Address("public", 0xffff_ffff_ffff)))).toBe("ffffffffffff");
  });

  it.each([
    [16, "ffffffffffffffffffffffffffffffff"],
    [15, "00ffffffffffffffffffffffffffffff"],
    [7, "000000000000000000ffffffffffffff"],
  ])("a key of %i octets has lost the most significant ones (2.3.4)", (keySize, expected) => {
    const key = new Uint8Array(16).fill(0xff);
    expect(toHex(masked(key, keySize))).toBe(expected);
    expect(toHex(key), "the whole key is left").toBe("ff".repeat(16));
  });

  it("compares secrets of different lengths without an error", () => {
    expect(sameSecret(x, Uint8Array.from(x))).toBe(true);
    expect(sameSecret(x, y)).toBe(false);
    expect(sameSecret(x, x.subarray(1))).toBe(false);
  });

  it("wipes what it is given", () => {
    const [one, other] = [Uint8Array.from(x), Uint8Array.from(y)];
    wipe(one, other);
    expect(toHex(one) + toHex(other)).toBe("00".repeat(32));
  });
});

describe("P-256 (Vol 3, Part H, 2.3.5.6.1)", () => {
  it("makes pairs whose two sides agree on a Diffie-Hellman key, another pair each time", () => {
    const random = new SeededRandom(1);
    const [one, other] = [generateKeyPair(random), generateKeyPair(random)];
    expect(one.publicKey).not.toEqual(other.publicKey);
    expect(one.diffieHellman(other.publicKey)).toEqual(other.diffieHellman(one.publicKey));
  });

  it("takes another private key when chance has given none", () => {
    const greatest = fromHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550");
    const order = fromHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    const values = [new Uint8Array(32), new Uint8Array(32).fill(0xff), order, Uint8Array.from(greatest)];
    const pair = generateKeyPair({ bytes: () => values.shift()!, below: () => 0 });
    expect(pair.publicKey).toEqual(keyPairOf(greatest).publicKey);
    expect(values).toEqual([]);
  });

  it("knows the debug key, with either Y", () => {
    const { publicKey } = keyPairOf(
      fromHex("3f49f6d4 a3c55f38 74c9b3e3 d2103f50 4aff607b eb40b799 5899b8a6 cd3c1abd"),
    );
    expect(isDebugKey(publicKey)).toBe(true);
    expect(isDebugKey({ x: publicKey.x, y: new Uint8Array(32) })).toBe(true);
    expect(isDebugKey(generateKeyPair(new SeededRandom(2)).publicKey)).toBe(false);
  });
});

// More vectors may lie beside the checkout.
const file = new URL("../../../shared/vectors/crypto.json", import.meta.url);

type Fields = Readonly<Record<string, string>>;
interface Vector {
  readonly id: string;
  readonly function: string;
  readonly input: Fields & { readonly iat: number; readonly rat: number; readonly signCounter: number };
  readonly expect: Fields & { readonly valid: boolean };
}

const on = (fields: Fields, name: string): Uint8Array => fromHex(fields[name]!);

/** What the function of a vector makes of its input, in the form of `expect`. */
const functions: Readonly<Record<string, (input: Vector["input"]) => Readonly<Record<string, unknown>>>> = {
  e: (i) => ({ ciphertext: toHex(e(on(i, "key"), on(i, "plaintext"))) }),
  "aes-cmac": (i) => ({ mac: toHex(aesCmac(on(i, "key"), on(i, "message"))) }),
  "aes-cmac-subkeys": (i) => {
    const { k1, k2 } = cmacSubkeys(on(i, "key"));
    return { k1: toHex(k1), k2: toHex(k2) };
  },
  c1: (i) => {
    const context = {
      preq: on(i, "preq"),
      pres: on(i, "pres"),
      initiator: address(i["ia"]!, i.iat),
      responder: address(i["ra"]!, i.rat),
    };
    return { confirm: toHex(c1(on(i, "k"), on(i, "r"), context)) };
  },
  s1: (i) => ({ stk: toHex(s1(on(i, "k"), on(i, "r1"), on(i, "r2"))) }),
  ah: (i) => ({ hash: toHex(ah(on(i, "k"), on(i, "prand"))) }),
  f4: (i) => ({ mac: toHex(f4(on(i, "u"), on(i, "v"), on(i, "x"), on(i, "z")[0]!)) }),
  f5: (i) => {
    const keys = f5(on(i, "w"), on(i, "n1"), on(i, "n2"), typed(i["a1"]!), typed(i["a2"]!));
    return { mackey: toHex(keys.macKey), ltk: toHex(keys.ltk) };
  },
  f6: (i) => {
    const addresses = [typed(i["a1"]!), typed(i["a2"]!)] as const;
    const check = f6(on(i, "w"), on(i, "n1"), on(i, "n2"), on(i, "r"), on(i, "iocap"), ...addresses);
    return { check: toHex(check) };
  },
  g2: (i) => ({ value: g2(on(i, "u"), on(i, "v"), on(i, "x"), on(i, "y")) }),
  h6: (i) => ({ key: toHex(h6(on(i, "w"), on(i, "keyId"))) }),
  h7: (i) => ({ key: toHex(h7(on(i, "salt"), on(i, "w"))) }),
  ecdh: (i) => {
    const [a, b] = [keyPairOf(on(i, "privateA")), keyPairOf(on(i, "privateB"))];
    expect(a.publicKey).toEqual({ x: on(i, "publicAx"), y: on(i, "publicAy") });
    expect(b.publicKey).toEqual({ x: on(i, "publicBx"), y: on(i, "publicBy") });
    expect(a.diffieHellman(b.publicKey)).toEqual(b.diffieHellman(a.publicKey));
    return { dhkey: toHex(a.diffieHellman(b.publicKey)!) };
  },
  "ec-keypair": (i) => {
    const { publicKey } = keyPairOf(on(i, "private"));
    return { publicX: toHex(publicKey.x), publicY: toHex(publicKey.y) };
  },
  "public-key-check": (i) => {
    const own = generateKeyPair(new SeededRandom(3));
    return { valid: own.diffieHellman({ x: on(i, "x"), y: on(i, "y") }) !== undefined };
  },
  sign: (i) => ({
    signatureLE: toHex(signatureOf(reversed(on(i, "csrkLE")), on(i, "messageLE"), i.signCounter)),
  }),
  "db-hash": (i) => ({
    hashAsPrinted: toHex(aesCmac(new Uint8Array(16), on(i, "messageLE"))),
  }),
};

/** What LE without BR/EDR has no use for, or what belongs to a profile. */
const others = new Set(["ltk-to-link-key", "link-key-to-ltk", "ead", "csis-s1", "csis-k1", "csis-sef"]);

describe("vectors beside the checkout", () => {
  it("are all met by the toolbox", ({ skip }) => {
    if (!existsSync(file)) skip("shared/vectors/crypto.json is not beside the checkout");
    const { vectors } = JSON.parse(readFileSync(file, "utf8")) as { readonly vectors: readonly Vector[] };
    let count = 0;
    for (const { id, function: name, input, expect: expected } of vectors) {
      if (others.has(name)) continue;
      const compute = functions[name];
      expect(compute, `${id}: ${name}`).toBeDefined();
      const result = compute!(input);
      for (const [field, value] of Object.entries(result))
        expect(value, `${id}: ${field}`).toBe(expected[field]);
      count++;
    }
    expect(count).toBeGreaterThanOrEqual(36);
  });
});
