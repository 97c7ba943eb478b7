import type { Address } from "../common/address.ts";
import type { Random } from "../common/random.ts";
import { f4 } from "../smp/crypto.ts";
import type { OobData } from "../smp/oob-data.ts";
import { generateKeyPair } from "../smp/p256.ts";
import type { LocalOobData } from "../smp/pairing-user.ts";

/** What this host has given away out of band, and pairs with once, however that ends. Vol 3, Part H, 2.3.5.6.4. */
export class LocalOob {
  readonly #random: Random;
  #current: LocalOobData | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  /** What a peer may have got; `undefined` when nothing is out, or it has served. */
  get current(): LocalOobData | undefined {
    return this.#current;
  }

  /** Fresh values, which take the place of those before. */
  generate(address: Address): OobData {
    const keyPair = generateKeyPair(this.#random);
    const random = this.#random.bytes(16);
    this.#current = { keyPair, random };
    const { x } = keyPair.publicKey;
    return { address, confirm: f4(x, x, random, 0), random: random.slice() };
  }

  /** A pairing begins with these values: no other does. @returns Whether they still served. */
  take(data: LocalOobData): boolean {
    const serves = data === this.#current;
    if (serves) this.#current = undefined;
    return serves;
  }
}
