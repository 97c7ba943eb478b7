import { createECDH, type ECDH } from "node:crypto";
import { concat, fromHex, reversed, toHex } from "../../src/common/bytes.ts";
import type { Random } from "../../src/common/random.ts";

const curve = "prime256v1";

/** Octets of a coordinate, and of a private key. */
const size = 32;

/** First octet of a point of which both coordinates follow. */
const uncompressed = 0x04;

/** The debug private key, most significant octet first. Vol 3, Part H, 2.3.5.6.1. */
const debugPrivateKey = fromHex("3f49f6d4 a3c55f38 74c9b3e3 d2103f50 4aff607b eb40b799 5899b8a6 cd3c1abd");

/** The order of the curve, less 1: the greatest private key, in hex, most significant octet first. */
const greatestPrivateKey = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";

/** A point on P-256, each coordinate 32 octets, least significant first. */
export interface PublicKey {
  readonly keyXCoordinate: Uint8Array;
  readonly keyYCoordinate: Uint8Array;
}

/** A key pair on the curve P-256. Vol 3, Part H, 2.3.5.6.1. */
export class KeyPair {
  readonly #ecdh: ECDH = createECDH(curve);

  /** @param privateKey - 32 octets, most significant first, not 0 and less than the order of the curve. */
  constructor(privateKey: Uint8Array) {
    this.#ecdh.setPrivateKey(privateKey);
  }

  get publicKey(): PublicKey {
    const point = this.#ecdh.getPublicKey();
    return {
      keyXCoordinate: reversed(point.subarray(1, 1 + size)),
      keyYCoordinate: reversed(point.subarray(1 + size)),
    };
  }

  /** The Diffie-Hellman key, 32 octets, least significant first; `undefined` if the peer's key is no point. */
  diffieHellman({ keyXCoordinate, keyYCoordinate }: PublicKey): Uint8Array | undefined {
    const point = concat(Uint8Array.of(uncompressed), reversed(keyXCoordinate), reversed(keyYCoordinate));
    try {
      return reversed(this.#ecdh.computeSecret(point));
    } catch {
      return undefined; // the one thing that can be wrong: node:crypto finds that it is not on the curve
    }
  }
}

/** The pair that everybody knows. */
export const debugKeyPair: KeyPair = new KeyPair(debugPrivateKey);

/** A new pair, by chance. */
export function generateKeyPair(random: Random): KeyPair {
  let privateKey = random.bytes(size);
  while (!isPrivateKey(privateKey)) privateKey = random.bytes(size);
  return new KeyPair(privateKey);
}

function isPrivateKey(octets: Uint8Array): boolean {
  return octets.some((octet) => octet !== 0) && toHex(octets) <= greatestPrivateKey;
}
