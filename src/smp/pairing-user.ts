import type { Address } from "../common/address.ts";
import type { Bond } from "./bond.ts";
import type { KeyPair } from "./p256.ts";
import type { KeypressType } from "./pdu.ts";

/** Why there is to be a pairing, and with whom. */
export interface PairingContext {
  /** Which end of the link this side is; the central is the initiator. */
  readonly role: "central" | "peripheral";
  /**
   * Who wants it: `program` called {@link SecurityManager.pair}, `requirement` is a service, channel or value that asks
   * for more security than the link has, or this side as peripheral that wants a key used that there is; `peer` is the
   * other side with Pairing Request or Security Request.
   */
  readonly wantedBy: "program" | "requirement" | "peer";
  /** The identity address of a peer that is known, else its address on this link. */
  readonly peer: Address;
  /** What there is of the peer from an earlier pairing. */
  readonly bond: Bond | undefined;
  /** Whether the link is encrypted now, so that a bonded peer has proved to be the one. */
  readonly encrypted: boolean;
}

/** Which of its keys a side hands out. Vol 3, Part H, 3.6.1. */
export interface DistributedKeys {
  /** The long term key of LE legacy pairing; LE Secure Connections need not hand out any. */
  readonly encryption: boolean;
  /** The identity resolving key and the identity address. */
  readonly identity: boolean;
  /** The connection signature resolving key. */
  readonly signing: boolean;
}

/** What the other side gave us on a way that is not this link. Vol 3, Part H, 2.3.5.4 and 2.3.5.6.4. */
export interface PeerOobData {
  /** For LE legacy pairing: the temporary key, 16 octets, most significant first. */
  readonly temporaryKey?: Uint8Array | undefined;
  /** For LE Secure Connections: its confirm value C and its random value r, 16 octets each, most significant first. */
  readonly secureConnections?: { readonly confirm: Uint8Array; readonly random: Uint8Array } | undefined;
}

/**
 * What this side gave the other on a way that is not this link, for LE Secure Connections. Serves for one pairing, also
 * for one that fails.
 */
export interface LocalOobData {
  /** The key pair whose public key the confirm value was made of. */
  readonly keyPair: KeyPair;
  /** r, 16 octets, most significant first. */
  readonly random: Uint8Array;
}

/** What this side brings to a pairing. Vol 3, Part H, 2.3. */
export interface PairingSettings {
  /** One of {@link IoCapability}. Vol 3, Part H, 2.3.2. */
  readonly ioCapability: number;
  /** Keys are exchanged and kept if the peer wants so too. Vol 3, Part C, 9.4. */
  readonly bonding: boolean;
  /**
   * Protection against a man in the middle: `no`; `preferred`, if the capabilities of both sides allow it; or
   * `required`, so that a pairing that cannot give it fails with Authentication Requirements.
   */
  readonly mitm: "no" | "preferred" | "required";
  /**
   * LE Secure Connections: `off` for LE legacy pairing; `preferred`, if the peer can; `required`; or `only`, which is
   * Secure Connections Only Mode and makes mitm required and minKeySize 16. Vol 3, Part C, 10.2.4.
   */
  readonly secureConnections: "off" | "preferred" | "required" | "only";
  /** Keypress notifications are sent and wanted. Vol 3, Part H, 2.3.5.6.3. */
  readonly keypress: boolean;
  /** The least octets of the encryption key that are accepted, 7 to 16. */
  readonly minKeySize: number;
  /** The most octets of the encryption key, 7 to 16. */
  readonly maxKeySize: number;
  /** The keys of this side that the peer may have. Only with bonding. */
  readonly distribute: DistributedKeys;
  /** The keys of the peer that this side takes. Only with bonding. */
  readonly accept: DistributedKeys;
  /** The data of the peer that has come out of band; decides the OOB data flag. */
  readonly peerOob?: PeerOobData | undefined;
  /** The data of this side that the peer may have got out of band. */
  readonly localOob?: LocalOobData | undefined;
  /**
   * The passkey to show, 0 to 999,999, in place of a random one: one that serves twice can be found out. `"asked"`:
   * {@link PairingUser.choosePasskey} makes it.
   */
  readonly passkey?: number | "asked" | undefined;
  /** Also pairs with a peer that shows the debug key, which protects from nobody. Vol 3, Part H, 2.3.5.6.1. */
  readonly allowDebugKey?: boolean | undefined;
  /**
   * What to do when there is to be a new pairing, not by the program's wish, with a peer that there is a bond with and
   * that has not proved to be that peer: it has forgotten this side, or is another in its place. `ask` calls
   * {@link PairingUser.authorize}. Whatever the answer, a bond is never replaced by a weaker one.
   */
  readonly repairing: "refuse" | "ask" | "allow";
  /** Asks with {@link PairingUser.authorize} before a peer pairs without any authentication (Just Works). */
  readonly authorizeJustWorks: boolean;
}

/** What someone who types a passkey can do. Each call after the pairing has ended does nothing. */
export interface PasskeyEntry {
  /** @param passkey - 0 to 999,999, or `undefined` to refuse. Counts once. */
  answer(passkey: number | undefined): void;
  /** Tells the peer what happens at the keyboard, where both sides have agreed to. Vol 3, Part H, 3.5.8. */
  keypress(type: (typeof KeypressType)[keyof typeof KeypressType]): void;
}

/** How a pairing went well. */
export interface PairingResult {
  /** What is kept of the peer now, `undefined` when the keys were only for this link. */
  readonly bond: Bond | undefined;
  /** How the two sides have authenticated each other. */
  readonly method: "justWorks" | "passkeyEntry" | "numericComparison" | "outOfBand";
}

/**
 * Whom a pairing asks: the program, and through it a person. One for each link.
 *
 * All are called in the middle of a turn. Every answer may come at once, later, or never: after 30 s without progress
 * the pairing has failed. An answer to a pairing that has ended does nothing.
 */
export interface PairingUser {
  /**
   * What this side brings, `undefined` to refuse with Pairing Not Supported. May be called more than once for one
   * pairing, and for a pairing that then does not come about.
   */
  settings(context: PairingContext): PairingSettings | undefined;
  /**
   * Shows a passkey that the other side types; always six digits.
   *
   * @param entered - How many digits were typed there, as far as the peer tells; called again when that changes.
   * @param refused - To be called when it cannot or may not be shown: the pairing ends with Passkey Entry Failed.
   */
  displayPasskey(passkey: number, entered: number, refused: () => void): void;
  /** Has the passkey made that the other side types, and shown; `undefined` refuses. Called with `passkey: "asked"`. */
  choosePasskey?(answer: (passkey: number | undefined) => void): void;
  /** Asks for the passkey that the other side shows, or that both type. */
  requestPasskey(entry: PasskeyEntry): void;
  /** Asks whether the other side shows the same number, 0 to 999,999, always as six digits. */
  confirmNumber(number: number, answer: (same: boolean) => void): void;
  /** Asks whether a peer that cannot be authenticated (`justWorks`), or takes the place of a bond, may pair. */
  authorize(why: "justWorks" | "repairing", answer: (allowed: boolean) => void): void;
  /**
   * The peer begins to pair with what this side has given out of band. It serves no other pairing, whatever comes of this
   * one. Vol 3, Part H, 2.3.5.6.1 and 2.3.5.6.4.
   *
   * @param data - As {@link settings} has given them.
   * @returns Whether they still served: false when another pairing was faster, and this one fails.
   */
  outOfBandServes(data: LocalOobData): boolean;
  /** A pairing has ended, and with it every question. `error` is absent when it went well. */
  ended(outcome: PairingResult | Error): void;
  /**
   * The peer does not know the key of the bond any more: PIN or Key Missing, or as central it pairs in place of using
   * it. Or it is another in its place. The bond is still there. Told once for each link.
   */
  bondLost(bond: Bond): void;
}
