import type { ECDH } from "node:crypto";
import { concat, equal, fromHex, toHex } from "../common/bytes.ts";
import { nodeCrypto } from "../common/node-crypto.ts";
import type { Random } from "../common/random.ts";

const curve = "prime256v1";

/** Octets of a coordinate, of a private key and of a Diffie-Hellman key. */
const size = 32;

/** First octet of a point of which both coordinates follow. */
const uncompressed = 0x04;

/** The order of the curve, less 1: the greatest private key, in hex. */
const greatestPrivateKey = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";

/** X of the debug public key. Vol 3, Part H, 2.3.5.6.1. */
const debugX = fromHex("20b003d2 f297be2c 5e2c83a7 e9f9a5b9 eff49111 acf4fddb cc030148 0e359de6");

/** A point on P-256: 32 octets each, most significant first. Vol 3, Part H, 2.3.5.6.1. */
export interface PublicKey {
  readonly x: Uint8Array;
  readonly y: Uint8Array;
}

/** A key pair on the curve P-256. Vol 3, Part H, 2.3.5.6.1. */
export interface KeyPair {
  readonly publicKey: PublicKey;
  /**
   * The Diffie-Hellman key, 32 octets, most significant first, which the caller *owns*.
   *
   * @returns `undefined` if the peer's key is no point on the curve. Vol 3, Part H, 2.3.5.6.1.
   */
  diffieHellman(peer: PublicKey): Uint8Array | undefined;
}

class EcdhKeyPair implements KeyPair {
  readonly publicKey: PublicKey;
  readonly #ecdh: ECDH = nodeCrypto().createECDH(curve);

  constructor(privateKey: Uint8Array) {
    this.#ecdh.setPrivateKey(privateKey);
    const point = Uint8Array.from(this.#ecdh.getPublicKey());
    this.publicKey = { x: point.subarray(1, 1 + size), y: point.subarray(1 + size) };
  }

  diffieHellman({ x, y }: PublicKey): Uint8Array | undefined {
    if (x.length !== size || y.length !== size) return undefined;
    try {
      return Uint8Array.from(this.#ecdh.computeSecret(concat(Uint8Array.of(uncompressed), x, y)));
    } catch {
      return undefined; // the one thing that can be wrong: node:crypto finds that it is not on the curve
    }
  }
}

/** The pair of a private key: 32 octets, most significant first, not 0 and less than the order of the curve. */
export function keyPairOf(privateKey: Uint8Array): KeyPair {
  return new EcdhKeyPair(privateKey);
}

/** A new pair, by chance. */
export function generateKeyPair(random: Random): KeyPair {
  let privateKey = random.bytes(size);
  while (!isPrivateKey(privateKey)) privateKey = random.bytes(size);
  const pair = new EcdhKeyPair(privateKey);
  privateKey.fill(0);
  return pair;
}

/** Whether everybody knows the private key of this public one. Vol 3, Part H, 2.3.5.6.1. */
export function isDebugKey({ x }: PublicKey): boolean {
  return equal(x, debugX); // with either Y, as the other point is that of the negated private key
}

function isPrivateKey(octets: Uint8Array): boolean {
  return octets.some((octet) => octet !== 0) && toHex(octets) <= greatestPrivateKey;
}
