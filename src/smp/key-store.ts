import type { Address } from "../common/address.ts";
import type { Bond } from "./bond.ts";

/** What this host is known by to the peers it has bonds with. Vol 3, Part H, 2.4.2.1. */
export interface OwnIdentity {
  /** Public or random static. */
  readonly address: Address;
  /** 16 octets, most significant first; all 0 when this host uses no resolvable private addresses. */
  readonly irk: Uint8Array;
}

/** The bonds of this host as the Security Manager sees them: in memory, at once. The host wires it. */
export interface KeyStore {
  readonly own: OwnIdentity;
  /** The bond of a peer by its identity address, or by a resolvable private address that its IRK resolves. */
  find(peer: Address): Bond | undefined;
  /**
   * The bond whose `peripheralKey` of LE legacy pairing has this EDIV and Rand: what is left to know a peer by that uses
   * private addresses and has told no identity.
   *
   * @param rand - 8 octets, most significant first.
   */
  findByDiversifier(ediv: number, rand: Uint8Array): Bond | undefined;
  /** Whether a peer of this identity can have a bond: it has one, or there is room. */
  hasRoomFor(identity: Address): boolean;
  /** Keeps a bond in place of what there was of the same identity, if anything. Called only after a whole pairing. */
  save(bond: Bond): void;
  /** Keeps the counters of signatures, which are all that has changed in the bond. */
  saveCounters(bond: Bond): void;
}
