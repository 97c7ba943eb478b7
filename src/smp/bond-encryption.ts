import type { Bond, LongTermKey } from "./bond.ts";
import { type EncryptionError, pinOrKeyMissing } from "./error.ts";
import type { LinkKeys } from "./link-keys.ts";
import type { LinkProtection } from "./link-protection.ts";
import type { PairingUser } from "./pairing-user.ts";

/** What is to be done when the link is encrypted with the key that there was, or that has failed. */
type Then = (error: EncryptionError | undefined) => void;

/** What a {@link BondEncryption} is made of. */
export interface BondEncryptionParts {
  readonly protection: LinkProtection;
  readonly keys: LinkKeys;
  readonly user: PairingUser;
  /** Told of an encryption that this side did not begin. */
  readonly finished: Then;
}

/** Encrypts a link with the key of a bond, and finds out whether the peer still has it. Vol 3, Part H, 2.4.4. */
export class BondEncryption {
  readonly #parts: BondEncryptionParts;
  #then: Then | undefined;
  /** Whether the program has been told, on this link, that the bond is lost. */
  #told = false;

  constructor(parts: BondEncryptionParts) {
    this.#parts = parts;
  }

  /** As central: encrypts with a key of the bond. */
  begin(key: LongTermKey, then: Then): void {
    const { keys, protection } = this.#parts;
    const { bond } = keys;
    if (!bond) return;
    this.#then = then;
    protection.encrypt(key, { type: "bond", bond });
  }

  /** Whatever comes of what has begun, `then` is done in place of what was to be done. */
  instead(then: () => void): void {
    if (this.#then) this.#then = then;
  }

  /** The controller has told what came of it. */
  ended(bond: Bond, error: EncryptionError | undefined): void {
    const then = this.#then ?? this.#parts.finished;
    this.#then = undefined;
    if (!error) this.#parts.keys.proved(bond);
    else if (error.status === pinOrKeyMissing) {
      this.#parts.keys.lost();
      this.noteLost(bond);
    }
    then(error);
  }

  /** The peer has forgotten this side, or somebody claims to be the peer: told once, however often it is tried. */
  noteLost(bond: Bond): void {
    if (this.#told) return;
    this.#told = true;
    this.#parts.user.bondLost(bond);
  }
}
