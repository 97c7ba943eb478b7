import { equal } from "../common/bytes.ts";
import { type SecurityState, unprotected } from "../common/security.ts";
import type { Bond, LongTermKey } from "./bond.ts";
import type { KeyStrength } from "./key-strength.ts";
import type { Pairing } from "./pairing.ts";
import type { EncryptionKey, SecurityLink } from "./security-link.ts";

/** What a central names a key by. */
export type KeyName = Pick<EncryptionKey, "ediv" | "rand">;

/** Where a key comes from that a link is encrypted with. */
export type KeyOrigin =
  { readonly type: "pairing"; readonly pairing: Pairing } | { readonly type: "bond"; readonly bond: Bond };

/** A key that the controller has been given, and whose encryption has not begun or failed yet. */
interface Given {
  readonly strength: KeyStrength;
  readonly origin: KeyOrigin;
}

/** What Encryption Change and Encryption Key Refresh Complete came to. */
export type EncryptionOutcome =
  | { readonly type: "encrypted" | "failed"; readonly origin: KeyOrigin }
  /** The pairing whose key this was has ended meanwhile. */
  | { readonly type: "stale" }
  /** No key was given for it: it says nothing. */
  | { readonly type: "unexpected" };

/**
 * What protects one link at the moment. It goes by what the controller reports alone, and by the key that it was given
 * for it: a link that is encrypted otherwise counts for nothing. Vol 3, Part C, 10.2.
 */
export class LinkProtection {
  readonly #link: SecurityLink;
  readonly #listeners: ((state: SecurityState) => void)[] = [];
  #state: SecurityState = unprotected;
  #given: Given | undefined;
  /** As peripheral: the key of a pairing whose two sides have authenticated each other. It is given out once. */
  #armed: { readonly key: EncryptionKey & KeyStrength; readonly pairing: Pairing } | undefined;

  constructor(link: SecurityLink) {
    this.#link = link;
  }

  get state(): SecurityState {
    return this.#state;
  }

  onChange(changed: (state: SecurityState) => void): void {
    this.#listeners.push(changed);
  }

  /** Encrypts as central, with the key of a bond or of a pairing. */
  encrypt(key: EncryptionKey & KeyStrength, origin: KeyOrigin): void {
    this.#given = { strength: key, origin };
    this.#link.encrypt(key);
  }

  /** As peripheral: the central will encrypt with the key of this pairing. */
  arm(key: EncryptionKey & KeyStrength, pairing: Pairing): void {
    this.#armed = { key, pairing };
  }

  /** A pairing has ended: its key is not given out any more. */
  disarm(): void {
    this.#armed = undefined;
  }

  /**
   * As peripheral: the controller asks for a key. Vol 4, Part E, 7.7.65.5.
   *
   * @param pairing - The one under way: before it has come to its key there is none, not even that of a bond.
   * @param stored - The bond with such a key and the key, to be asked for when there is no pairing.
   */
  requested(
    { ediv, rand }: KeyName,
    pairing: Pairing | undefined,
    stored: () => { readonly bond: Bond; readonly key: LongTermKey } | undefined,
  ): void {
    const armed = this.#armed;
    this.#armed = undefined;
    this.#given = undefined;
    if (pairing) {
      const fits = armed?.pairing === pairing && ediv === 0 && rand.every((octet) => octet === 0);
      this.#reply(fits ? armed.key : undefined, { type: "pairing", pairing });
      return;
    }
    const found = stored();
    if (found) this.#reply(found.key, { type: "bond", bond: found.bond });
    else this.#link.replyKey(undefined);
  }

  /** The controller tells of encryption. Vol 4, Part E, 7.7.8 and 7.7.39. */
  changed(success: boolean, pairing: Pairing | undefined): EncryptionOutcome {
    const given = this.#given;
    this.#given = undefined;
    if (!success) {
      if (this.#state.encrypted) this.#set(unprotected);
      return given ? { type: "failed", origin: given.origin } : { type: "unexpected" };
    }
    if (!given) return { type: "unexpected" };
    if (given.origin.type === "pairing" && given.origin.pairing !== pairing) {
      this.#set(unprotected);
      return { type: "stale" };
    }
    const { keySize, authenticated, secureConnections } = given.strength;
    const bonded = given.origin.type === "bond";
    this.#set({ encrypted: true, authenticated, secureConnections, keySize, bonded });
    return { type: "encrypted", origin: given.origin };
  }

  /** The keys of the pairing that the link is encrypted by have been kept. */
  kept(): void {
    if (this.#state.encrypted && !this.#state.bonded) this.#set({ ...this.#state, bonded: true });
  }

  #reply(key: (EncryptionKey & KeyStrength) | undefined, origin: KeyOrigin): void {
    if (key) this.#given = { strength: key, origin };
    this.#link.replyKey(key?.key);
  }

  #set(state: SecurityState): void {
    const before = this.#state;
    this.#state = state;
    if (isSame(before, state)) return;
    for (const changed of this.#listeners) changed(state);
  }
}

/** Whether this is the key that EDIV and Rand ask for. Vol 3, Part H, 2.4.4.1. */
export function isNamed(key: LongTermKey, { ediv, rand }: KeyName): boolean {
  return key.ediv === ediv && equal(key.rand, rand);
}

function isSame(a: SecurityState, b: SecurityState): boolean {
  return (
    a.encrypted === b.encrypted &&
    a.authenticated === b.authenticated &&
    a.secureConnections === b.secureConnections &&
    a.keySize === b.keySize &&
    a.bonded === b.bonded
  );
}
