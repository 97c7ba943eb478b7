import type { Address } from "../common/address.ts";
import type { Bond, LongTermKey, SigningKey } from "./bond.ts";
import type { Agreement } from "./feature-exchange.ts";
import type { DistributedLtk, KeysOfOneSide } from "./key-distribution.ts";

/** What a pairing has brought. */
export interface PairingYield {
  readonly agreement: Agreement;
  /** The key that the link is encrypted with now, masked. */
  readonly sessionKey: Uint8Array;
  readonly own: KeysOfOneSide;
  readonly peer: KeysOfOneSide;
  /** The address of the peer that the link was made with. */
  readonly peerAddress: Address;
  /** The bond that the peer was recognised by when the pairing began. */
  readonly known: Bond | undefined;
}

/**
 * The identity of the peer: what it has told, else what it was known by, else its address unless that is private.
 * Vol 3, Part H, 2.4.2.1.
 */
export function identityOf({ peer, known, peerAddress }: PairingYield): Address | undefined {
  if (peer.identity) return peer.identity;
  if (known) return known.identity;
  return peerAddress.kind === "public" || peerAddress.kind === "static" ? peerAddress : undefined;
}

/** What is kept of the peer. Vol 3, Part H, 2.4. */
export function bondOf(result: PairingYield, identity: Address): Bond {
  const { agreement, sessionKey, own, peer, known } = result;
  const { secureConnections } = agreement;
  const shared = { key: Uint8Array.from(sessionKey), ediv: 0, rand: new Uint8Array(8) };
  const told = peer.irk && (isZero(peer.irk) ? undefined : peer.irk);
  return {
    identity,
    irk: peer.identity ? told : known?.irk,
    // A legacy key is for links on which the side that has handed it out is the peripheral.
    centralKey: longTermKey(secureConnections ? shared : peer.ltk, agreement),
    peripheralKey: longTermKey(secureConnections ? shared : own.ltk, agreement),
    localSigning: signingKey(own.csrk, agreement),
    peerSigning: signingKey(peer.csrk, agreement),
  };
}

function longTermKey(ltk: DistributedLtk | undefined, agreement: Agreement): LongTermKey | undefined {
  if (!ltk) return undefined;
  const { keySize, authenticated, secureConnections } = agreement;
  return { ...ltk, keySize, authenticated, secureConnections };
}

function signingKey(csrk: Uint8Array | undefined, { authenticated }: Agreement): SigningKey | undefined {
  return csrk && { key: csrk, counter: 0, authenticated };
}

function isZero(octets: Uint8Array): boolean {
  return octets.every((octet) => octet === 0);
}
