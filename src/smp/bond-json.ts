import { Address } from "../common/address.ts";
import { toHex } from "../common/bytes.ts";
import type { JsonPlace } from "../common/json.ts";
import type { Bond, LongTermKey, SigningKey } from "./bond.ts";

/** A {@link LongTermKey} in JSON; octets as hex, most significant first. */
export interface LongTermKeyJson {
  readonly key: string;
  /** Left out with LE Secure Connections, which have neither. */
  readonly ediv?: number;
  readonly rand?: string;
  readonly keySize: number;
  readonly authenticated: boolean;
  readonly secureConnections: boolean;
}

/** A {@link SigningKey} in JSON. */
export interface SigningKeyJson {
  readonly key: string;
  readonly counter: number;
  readonly authenticated: boolean;
}

/** A {@link Bond} in JSON; what there is none of is left out. */
export interface BondJson {
  /** `C0:FF:EE:00:00:01/random`. */
  readonly identity: string;
  readonly irk?: string;
  readonly centralKey?: LongTermKeyJson;
  readonly peripheralKey?: LongTermKeyJson;
  readonly localSigning?: SigningKeyJson;
  readonly peerSigning?: SigningKeyJson;
}

/** The bond as JSON, keys and all: whoever reads it can be that peer, or listen to it. */
export function bondToJson(bond: Bond): BondJson {
  const { identity, irk, centralKey, peripheralKey, localSigning, peerSigning } = bond;
  return {
    identity: identity.toString(),
    ...(irk && { irk: toHex(irk) }),
    ...(centralKey && { centralKey: longTermKeyToJson(centralKey) }),
    ...(peripheralKey && { peripheralKey: longTermKeyToJson(peripheralKey) }),
    ...(localSigning && { localSigning: signingKeyToJson(localSigning) }),
    ...(peerSigning && { peerSigning: signingKeyToJson(peerSigning) }),
  };
}

/**
 * The bond that stands at a place of a document.
 *
 * @throws {@link SyntaxError} It is none; the message names the member, never a key.
 */
export function bondFromJson(place: JsonPlace): Bond {
  const identity = place.member("identity").read((text) => Address.parse(text));
  if (identity.kind !== "public" && identity.kind !== "static") {
    place.member("identity").fail("is no identity address: public or random static");
  }
  return {
    identity,
    irk: optional(place.member("irk"), (irk) => irk.octets(16)),
    centralKey: optional(place.member("centralKey"), longTermKeyFromJson),
    peripheralKey: optional(place.member("peripheralKey"), longTermKeyFromJson),
    localSigning: optional(place.member("localSigning"), signingKeyFromJson),
    peerSigning: optional(place.member("peerSigning"), signingKeyFromJson),
  };
}

function longTermKeyToJson({ key, ediv, rand, ...worth }: LongTermKey): LongTermKeyJson {
  const { keySize, authenticated, secureConnections } = worth;
  const found = secureConnections ? {} : { ediv, rand: toHex(rand) };
  return { key: toHex(key), ...found, keySize, authenticated, secureConnections };
}

function longTermKeyFromJson(place: JsonPlace): LongTermKey {
  const secureConnections = place.member("secureConnections").flag();
  return {
    key: place.member("key").octets(16),
    ediv: secureConnections ? 0 : place.member("ediv").whole(0, 0xffff),
    rand: secureConnections ? new Uint8Array(8) : place.member("rand").octets(8),
    keySize: place.member("keySize").whole(7, 16),
    authenticated: place.member("authenticated").flag(),
    secureConnections,
  };
}

function signingKeyToJson({ key, counter, authenticated }: SigningKey): SigningKeyJson {
  return { key: toHex(key), counter, authenticated };
}

function signingKeyFromJson(place: JsonPlace): SigningKey {
  return {
    key: place.member("key").octets(16),
    // One more than the last that can be sent: then the key is used up.
    counter: place.member("counter").whole(0, 2 ** 32),
    authenticated: place.member("authenticated").flag(),
  };
}

function optional<T>(place: JsonPlace, read: (place: JsonPlace) => T): T | undefined {
  return place.present ? read(place) : undefined;
}
