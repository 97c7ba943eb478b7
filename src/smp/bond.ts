import type { Address } from "../common/address.ts";

/** A long term key and what it is worth. Vol 3, Part H, 2.4.2 and 2.4.4. */
export interface LongTermKey {
  /** 16 octets, most significant first; of a shorter key the octets beyond `keySize`, the first ones, are 0. */
  readonly key: Uint8Array;
  /** EDIV: what the peripheral finds a legacy key by; 0 for LE Secure Connections. */
  readonly ediv: number;
  /** Rand: 8 octets, most significant first; all 0 for LE Secure Connections. */
  readonly rand: Uint8Array;
  /** Octets of the key, 7 to 16. */
  readonly keySize: number;
  /** The pairing would have noticed a man in the middle. */
  readonly authenticated: boolean;
  /** The key comes of LE Secure Connections. */
  readonly secureConnections: boolean;
}

/** A connection signature resolving key with its counter. Vol 3, Part H, 2.4.2.2 and 2.4.5. */
export interface SigningKey {
  /** 16 octets, most significant first. */
  readonly key: Uint8Array;
  /** Of our key the SignCounter to send next; of the peer's the least that is accepted: those below are replays. */
  readonly counter: number;
  /** The key was handed out on a link with an authenticated key. */
  readonly authenticated: boolean;
}

/** What is kept of a peer between two connections: a bond. Immutable. Vol 3, Part C, 9.4.4; Part H, 2.4. */
export interface Bond {
  /** Public or random static: the address that stays the same. */
  readonly identity: Address;
  /** The peer's identity resolving key, 16 octets, most significant first. */
  readonly irk: Uint8Array | undefined;
  /** The key to encrypt with when this side is the central: one key for both roles with LE Secure Connections. */
  readonly centralKey: LongTermKey | undefined;
  /** The key that a central asks for when this side is the peripheral. */
  readonly peripheralKey: LongTermKey | undefined;
  /** What this side signs with. */
  readonly localSigning: SigningKey | undefined;
  /** What the peer signs with. */
  readonly peerSigning: SigningKey | undefined;
}
