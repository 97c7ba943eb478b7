import type { Address } from "../common/address.ts";
import type { SecurityRequirement } from "../common/security.ts";
import type { Bond, LongTermKey } from "./bond.ts";
import type { KeyStore } from "./key-store.ts";
import { satisfies } from "./key-strength.ts";
import { isNamed, type KeyName } from "./link-protection.ts";
import type { SecurityLink } from "./security-link.ts";

/** Who the peer of one link is, and the keys there are to encrypt it with. */
export class LinkKeys {
  readonly #link: SecurityLink;
  readonly #keys: KeyStore;
  readonly #least: () => SecurityRequirement;
  /** What the peer has proved to be. */
  #identity: Address | undefined;
  #missing = false;

  /** @param least - What a key has to be worth to be used, at that time. */
  constructor(link: SecurityLink, keys: KeyStore, least: () => SecurityRequirement) {
    this.#link = link;
    this.#keys = keys;
    this.#least = least;
  }

  /** The bond of the peer, if it has one. */
  get bond(): Bond | undefined {
    return this.#keys.find(this.#identity ?? this.#link.peerAddress);
  }

  /** The identity address of a peer that is known, else the address that the link was made with. */
  get peer(): Address {
    return this.#identity ?? this.bond?.identity ?? this.#link.peerAddress;
  }

  /** Whether there is a key that both sides should have. */
  get exist(): boolean {
    return !this.#missing && this.usable({}) !== undefined;
  }

  /** The peer has the keys of this bond. */
  proved(bond: Bond): void {
    this.#identity = bond.identity;
    this.#missing = false;
  }

  /** The peer does not have the keys of its bond any more. */
  lost(): void {
    this.#missing = true;
  }

  /** The key that a link in this role could be encrypted with so as to meet a requirement. */
  usable(requirement: SecurityRequirement): LongTermKey | undefined {
    const { bond } = this;
    const key = this.#link.role === "central" ? bond?.centralKey : bond?.peripheralKey;
    return key && satisfies(key, requirement) && satisfies(key, this.#least()) ? key : undefined;
  }

  /** As peripheral: the key that the central names. Vol 3, Part H, 2.4.4.2. */
  named(name: KeyName): { readonly bond: Bond; readonly key: LongTermKey } | undefined {
    for (const bond of [this.bond, this.#keys.findByDiversifier(name.ediv, name.rand)]) {
      const key = bond?.peripheralKey;
      if (bond && key && isNamed(key, name) && satisfies(key, this.#least())) return { bond, key };
    }
    return undefined;
  }
}
