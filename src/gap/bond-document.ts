import { Address } from "../common/address.ts";
import { toHex } from "../common/bytes.ts";
import { JsonPlace, type JsonValue } from "../common/json.ts";
import type { Bond } from "../smp/bond.ts";
import { type BondJson, bondFromJson, bondToJson } from "../smp/bond-json.ts";

/** A bond as a {@link BondDocument} has it. */
export interface BondRecordJson extends BondJson {
  /** What this host's GATT server remembers of the peer: its subscriptions and the features it supports. */
  readonly gattClient?: JsonValue;
  /** What this host's GATT client remembers of the peer's server. */
  readonly gattServer?: JsonValue;
}

/**
 * Everything a host keeps from one run to the next; plain data, fit for JSON. It holds keys: whoever reads it can be
 * this host or any of its peers.
 */
export interface BondDocument {
  /** The form of this document: 1. */
  readonly version: 1;
  /** What peers know this host by. */
  readonly local: {
    /** This host's identity resolving key, 16 octets as hex, most significant first. */
    readonly irk: string;
    /** Its random static address, for hosts without a public one. */
    readonly randomAddress: string;
  };
  readonly bonds: readonly BondRecordJson[];
  /** Services of peers by their Database Hash, for peers that have the same. Vol 3, Part G, 7.3. */
  readonly databases: Readonly<Record<string, JsonValue>>;
}

/** What peers know this host by. */
export interface LocalIdentity {
  /** 16 octets, most significant first. */
  readonly irk: Uint8Array;
  readonly randomAddress: Address;
}

/** A bond with what GATT keeps beside it. */
export interface BondRecord {
  readonly bond: Bond;
  readonly gattClient: JsonValue | undefined;
  readonly gattServer: JsonValue | undefined;
}

/** What a {@link BondDocument} says. */
export interface BondContents {
  readonly local: LocalIdentity;
  readonly records: readonly BondRecord[];
  readonly databases: ReadonlyMap<string, JsonValue>;
}

/** The contents as a document. */
export function bondDocument({ local, records, databases }: BondContents): BondDocument {
  return {
    version: 1,
    local: { irk: toHex(local.irk), randomAddress: local.randomAddress.toString() },
    bonds: records.map(({ bond, gattClient, gattServer }) => ({
      ...bondToJson(bond),
      ...(gattClient !== undefined && { gattClient }),
      ...(gattServer !== undefined && { gattServer }),
    })),
    databases: Object.fromEntries(databases),
  };
}

/**
 * What a document says, all of it checked.
 *
 * @throws {@link SyntaxError} It is none, or of a version that is not known here; the message names the member.
 */
export function bondContents(document: unknown): BondContents {
  const place = new JsonPlace(document, "bonds document");
  const version = place.member("version");
  if (version.raw !== 1) version.fail(`is not 1: another version of jelling has written it`);
  const randomAddress = place.member("local").member("randomAddress");
  const address = randomAddress.read((text) => Address.parse(text));
  if (address.kind !== "static") randomAddress.fail("is no random static address");
  const records = place.member("bonds").list().map(bondRecord);
  const identities = new Set(records.map(({ bond }) => bond.identity.toString()));
  if (identities.size < records.length) place.member("bonds").fail("has two bonds of one identity");
  return {
    local: { irk: place.member("local").member("irk").octets(16), randomAddress: address },
    records,
    databases: new Map(
      place
        .member("databases")
        .entries()
        .map(([hash, { raw = null }]) => [hash, raw]),
    ),
  };
}

function bondRecord(place: JsonPlace): BondRecord {
  return {
    bond: bondFromJson(place),
    gattClient: place.member("gattClient").raw,
    gattServer: place.member("gattServer").raw,
  };
}
