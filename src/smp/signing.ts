import { concat, reversed } from "../common/bytes.ts";
import { aesCmac, sameSecret } from "../common/aes.ts";
import type { Bond, SigningKey } from "./bond.ts";
import type { KeyStore } from "./key-store.ts";

/** Octets of the counter, and of counter and MAC together. Vol 3, Part H, 2.4.5. */
const counterSize = 4;
const signatureSize = 12;

/** The last value of SignCounter: then the key is used up. */
const lastCounter = 0xffff_ffff;

/** So many counters are taken at a time: after a crash none of them comes again, and the store is not written each time. */
const block = 64;

/** What signs ATT's signed writes and checks them. Vol 3, Part H, 2.4.5. */
export interface Signing {
  /** @returns 12 octets, SignCounter and MAC as they go over the air; `undefined` when there is no key. */
  sign(message: Uint8Array): Uint8Array | undefined;
  /** Whether the peer has signed this, and not been heard with it before. */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** The signatures of one link. `bond` is that of the peer, as it is in the store at the moment. */
export class LinkSigning implements Signing {
  readonly #keys: KeyStore;
  readonly #bond: () => Bond | undefined;
  /** The counters that the store has for used already, and this link may still use. */
  #taken: { readonly key: Uint8Array; next: number; readonly end: number } | undefined;

  constructor(keys: KeyStore, bond: () => Bond | undefined) {
    this.#keys = keys;
    this.#bond = bond;
  }

  sign(message: Uint8Array): Uint8Array | undefined {
    const bond = this.#bond();
    const local = bond?.localSigning;
    if (!bond || !local) return undefined;
    const counter = this.#nextCounter(bond, local);
    return counter === undefined ? undefined : signatureOf(local.key, message, counter);
  }

  verify(message: Uint8Array, signature: Uint8Array): boolean {
    const bond = this.#bond();
    const key = bond?.peerSigning;
    if (!bond || !key || signature.length !== signatureSize) return false;
    const counter = new DataView(signature.buffer, signature.byteOffset).getUint32(0, true);
    if (counter < key.counter) return false; // a replay
    if (!sameSecret(signatureOf(key.key, message, counter), signature)) return false;
    this.#keys.saveCounters({ ...bond, peerSigning: { ...key, counter: counter + 1 } });
    return true;
  }

  #nextCounter(bond: Bond, local: SigningKey): number | undefined {
    const mine = this.#taken && sameSecret(this.#taken.key, local.key) ? this.#taken : undefined;
    if (!mine || mine.next >= mine.end) {
      const end = Math.min(local.counter + block, lastCounter + 1);
      if (local.counter >= end) return undefined;
      this.#taken = { key: local.key, next: local.counter, end };
      this.#keys.saveCounters({ ...bond, localSigning: { ...local, counter: end } });
      return this.#taken.next++;
    }
    return mine.next++;
  }
}

/** The counter, and the eight most significant octets of the MAC of message and counter. Vol 3, Part H, 2.4.5. */
export function signatureOf(key: Uint8Array, message: Uint8Array, counter: number): Uint8Array {
  const octets = new Uint8Array(counterSize);
  new DataView(octets.buffer).setUint32(0, counter, true);
  // AES-CMAC has the most significant octet first, and the message's is its last one.
  const mac = aesCmac(key, reversed(concat(message, octets)));
  return concat(octets, reversed(mac.subarray(0, signatureSize - counterSize)));
}
