import { nodeCrypto } from "./node-crypto.ts";

/** Where the stack takes chance from: unpredictable in production, a seed in tests. */
export interface Random {
  /** Fresh octets that the caller *owns*. */
  bytes(size: number): Uint8Array;
  /** A whole number from 0 up to but not including `limit` (at most 2^32). */
  below(limit: number): number;
}

/** The operating system's generator, fit for keys. */
export const systemRandom: Random = {
  bytes: (size) => nodeCrypto().randomFillSync(new Uint8Array(size)),
  below(limit) {
    const word = nodeCrypto().randomFillSync(new Uint32Array(1))[0] ?? 0;
    return Math.floor((word / 0x1_0000_0000) * limit);
  },
};

/** The same numbers for the same seed: for tests and simulations, never for keys. (The sfc32 generator.) */
export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c = 0x9e3779b9;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0;
    for (let i = 0; i < 12; i++) this.#word();
  }

  bytes(size: number): Uint8Array {
    const octets = new Uint8Array(size);
    for (let i = 0; i < size; i++) octets[i] = this.#word();
    return octets;
  }

  below(limit: number): number {
    return Math.floor((this.#word() / 0x1_0000_0000) * limit);
  }

  #word(): number {
    const word = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + word) | 0;
    return word >>> 0;
  }
}
