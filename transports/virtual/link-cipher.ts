import { createCipheriv, createDecipheriv } from "node:crypto";
import { concat, reversed } from "../../src/common/bytes.ts";
import { e } from "./aes.ts";
import { micSize } from "./air-time.ts";
import type { Llid } from "./llid.ts";

const algorithm = "aes-128-ccm";

/** Packet counter, direction bit and initialization vector. Vol 6, Part E, 2.1. */
const nonceSize = 13;

/** What one end contributes to the session key and the initialization vector. Vol 6, Part B, 2.4.2.4. */
export interface KeyShare {
  /** SKD_C or SKD_P: 8 octets, least significant first. */
  readonly diversifier: Uint8Array;
  /** IV_C or IV_P: 4 octets, least significant first. */
  readonly vector: Uint8Array;
}

/** What both ends of a link have in common once it is encrypted. Vol 6, Part B, 5.1.3.1. */
export interface SessionKey {
  /** SK: 16 octets, least significant first. */
  readonly key: Uint8Array;
  /** IV: 8 octets, least significant first. */
  readonly vector: Uint8Array;
}

/**
 * The session key from the long term key and from what both ends have drawn. Vol 6, Part B, 5.1.3.1.
 *
 * @param longTermKey - 16 octets, least significant first.
 */
export function sessionKey(longTermKey: Uint8Array, central: KeyShare, peripheral: KeyShare): SessionKey {
  return {
    key: e(longTermKey, concat(central.diversifier, peripheral.diversifier)),
    vector: concat(central.vector, peripheral.vector),
  };
}

/** Encrypts and authenticates the packets of one direction of a link, in order. Vol 6, Part E. */
export class LinkCipher {
  readonly #key: Uint8Array;
  readonly #nonce = new Uint8Array(nonceSize);
  readonly #direction: number;
  /** The packetCounter: 39 bits, counted from 0. */
  #counter = 0;

  /** @param fromCentral - The direction. */
  constructor({ key, vector }: SessionKey, fromCentral: boolean) {
    this.#key = reversed(key);
    this.#direction = fromCentral ? 0x80 : 0;
    this.#nonce.set(vector, nonceSize - vector.length);
  }

  /** The payload of the next packet, encrypted, and its message integrity check. The caller *owns* it. */
  seal(llid: Llid, payload: Uint8Array): Uint8Array {
    const cipher = createCipheriv(algorithm, this.#key, this.#nextNonce(), { authTagLength: micSize });
    cipher.setAAD(authenticated(llid), { plaintextLength: payload.length });
    const encrypted = cipher.update(payload);
    cipher.final();
    return concat(encrypted, cipher.getAuthTag());
  }

  /** The payload again, or `undefined` if the message integrity check fails. The caller *owns* it. */
  open(llid: Llid, sealed: Uint8Array): Uint8Array | undefined {
    const size = sealed.length - micSize;
    const decipher = createDecipheriv(algorithm, this.#key, this.#nextNonce(), { authTagLength: micSize });
    decipher.setAuthTag(sealed.subarray(size));
    decipher.setAAD(authenticated(llid), { plaintextLength: size });
    const payload = decipher.update(sealed.subarray(0, size));
    try {
      decipher.final();
    } catch {
      return undefined; // the one thing that it can be: node:crypto says so by an exception
    }
    return new Uint8Array(payload.buffer, payload.byteOffset, payload.length);
  }

  #nextNonce(): Uint8Array {
    const nonce = this.#nonce;
    let counter = this.#counter++;
    for (let i = 0; i < 4; i++) {
      nonce[i] = counter % 0x100;
      counter = Math.floor(counter / 0x100);
    }
    nonce[4] = counter | this.#direction;
    return nonce;
  }
}

/** The first octet of the header, NESN, SN and MD masked to zero. Vol 6, Part E, 2.2. */
function authenticated(llid: Llid): Uint8Array {
  return Uint8Array.of(llid);
}
