import type { Address } from "../common/address.ts";
import { concat } from "../common/bytes.ts";
import { aesCmac, e, wipe } from "../common/aes.ts";

/** The cryptographic toolbox. All values are, as the specification prints them, most significant octet first. */

/** What c1 takes beside the key and the random value: what both sides have said and who they are. */
export interface LegacyPairingContext {
  /** The whole Pairing Request command, 7 octets, most significant first: the code comes last. */
  readonly preq: Uint8Array;
  /** The whole Pairing Response command, likewise. */
  readonly pres: Uint8Array;
  readonly initiator: Address;
  readonly responder: Address;
}

/** LE legacy pairing: the confirm value. Vol 3, Part H, 2.2.3. */
export function c1(k: Uint8Array, r: Uint8Array, context: LegacyPairingContext): Uint8Array {
  const { preq, pres, initiator, responder } = context;
  const p1 = concat(pres, preq, typeOctet(responder), typeOctet(initiator));
  const p2 = concat(new Uint8Array(4), addressOctets(initiator), addressOctets(responder));
  return e(k, xor(e(k, xor(r, p1)), p2));
}

/** LE legacy pairing: the short term key, of the last eight octets of each random value. Vol 3, Part H, 2.2.4. */
export function s1(k: Uint8Array, r1: Uint8Array, r2: Uint8Array): Uint8Array {
  return e(k, concat(r1.subarray(8), r2.subarray(8)));
}

/**
 * LE Secure Connections: the confirm value. Vol 3, Part H, 2.2.6.
 *
 * @param u - X of a public key, as `v`: 32 octets.
 * @param z - An octet: 0, or 0x80 with a bit of the passkey.
 */
export function f4(u: Uint8Array, v: Uint8Array, x: Uint8Array, z: number): Uint8Array {
  return aesCmac(x, concat(u, v, Uint8Array.of(z)));
}

const f5Salt = Uint8Array.of(
  ...[0x6c, 0x88, 0x83, 0x91, 0xaa, 0xf5, 0xa5, 0x38],
  ...[0x60, 0x37, 0x0b, 0xdb, 0x5a, 0x60, 0x83, 0xbe],
);

/** "btle". */
const f5KeyId = Uint8Array.of(0x62, 0x74, 0x6c, 0x65);

/** 256 bits, as 16 bits. */
const f5Length = Uint8Array.of(0x01, 0x00);

/** LE Secure Connections: MacKey and LTK, of the Diffie-Hellman key `w`. Vol 3, Part H, 2.2.7. */
export function f5(
  w: Uint8Array,
  n1: Uint8Array,
  n2: Uint8Array,
  a1: Address,
  a2: Address,
): { readonly macKey: Uint8Array; readonly ltk: Uint8Array } {
  const t = aesCmac(f5Salt, w);
  const part = (counter: number): Uint8Array =>
    aesCmac(t, concat(Uint8Array.of(counter), f5KeyId, n1, n2, typedAddress(a1), typedAddress(a2), f5Length));
  const keys = { macKey: part(0), ltk: part(1) };
  wipe(t);
  return keys;
}

/**
 * LE Secure Connections: the check value. Vol 3, Part H, 2.2.8.
 *
 * @param w - MacKey.
 * @param ioCap - 3 octets: AuthReq, the OOB data flag and the IO capability.
 */
export function f6(
  w: Uint8Array,
  n1: Uint8Array,
  n2: Uint8Array,
  r: Uint8Array,
  ioCap: Uint8Array,
  a1: Address,
  a2: Address,
): Uint8Array {
  return aesCmac(w, concat(n1, n2, r, ioCap, typedAddress(a1), typedAddress(a2)));
}

/** LE Secure Connections: what numeric comparison shows is this modulo 1,000,000. Vol 3, Part H, 2.2.9. */
export function g2(u: Uint8Array, v: Uint8Array, x: Uint8Array, y: Uint8Array): number {
  const mac = aesCmac(x, concat(u, v, y));
  return new DataView(mac.buffer, mac.byteOffset).getUint32(12);
}

/** The hash in a resolvable private address: 3 octets, of an IRK and the 3 octets of prand. Vol 3, Part H, 2.2.2. */
export function ah(k: Uint8Array, prand: Uint8Array): Uint8Array {
  return e(k, concat(new Uint8Array(13), prand)).subarray(13);
}

/** Conversion of a key, with a key ID of 4 octets. Vol 3, Part H, 2.2.10. */
export function h6(w: Uint8Array, keyId: Uint8Array): Uint8Array {
  return aesCmac(w, keyId);
}

/** Conversion of a key, with a salt of 16 octets. Vol 3, Part H, 2.2.11. */
export function h7(salt: Uint8Array, w: Uint8Array): Uint8Array {
  return aesCmac(salt, w);
}

/** An octet for the type, then the six of the address: how f5 and f6 take it. Vol 3, Part H, 2.2.7. */
export function typedAddress(address: Address): Uint8Array {
  return concat(typeOctet(address), addressOctets(address));
}

/** The six octets of an address, most significant first. */
export function addressOctets({ value }: Address): Uint8Array {
  const octets = new Uint8Array(6);
  for (let i = 5, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) octets[i] = rest % 256;
  return octets;
}

/** A key of fewer than 16 octets: the first ones, the most significant, become 0. Vol 3, Part H, 2.3.4. */
export function masked(key: Uint8Array, keySize: number): Uint8Array {
  return Uint8Array.from(key).fill(0, 0, 16 - keySize);
}

function typeOctet({ type }: Address): Uint8Array {
  return Uint8Array.of(type === "random" ? 1 : 0);
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((octet, i) => octet ^ (b[i] ?? 0));
}
