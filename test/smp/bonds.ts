import fc from "fast-check";
import { Address } from "../../src/common/address.ts";
import type { Bond, LongTermKey, SigningKey } from "../../src/smp/bond.ts";

/** Octets of a size. */
export const octets = (size: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: size, maxLength: size });

/** An identity address: public or random static. */
export const identities: fc.Arbitrary<Address> = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 48n - 1n }).map((value) => new Address("public", Number(value))),
  fc
    .bigInt({ min: 0n, max: 2n ** 46n - 1n })
    .map((rest) => new Address("random", Number(rest + 3n * 2n ** 46n))),
);

const plain = { noNullPrototype: true } as const;
const worth = { keySize: fc.integer({ min: 7, max: 16 }), authenticated: fc.boolean() };

/** A key of LE Secure Connections. */
export const secureKeys: fc.Arbitrary<LongTermKey> = fc.record(
  {
    key: octets(16),
    ediv: fc.constant(0),
    rand: fc.constant(new Uint8Array(8)),
    secureConnections: fc.constant(true),
    ...worth,
  },
  plain,
);

/** A key of LE legacy pairing. */
export const legacyKeys: fc.Arbitrary<LongTermKey> = fc.record(
  {
    key: octets(16),
    ediv: fc.integer({ min: 0, max: 0xffff }),
    rand: octets(8),
    secureConnections: fc.constant(false),
    ...worth,
  },
  plain,
);

/** A key to sign with. */
export const signingKeys: fc.Arbitrary<SigningKey> = fc.record(
  { key: octets(16), counter: fc.integer({ min: 0, max: 0xffff_ffff }), authenticated: fc.boolean() },
  plain,
);

const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

const parts = {
  identity: identities,
  irk: optional(octets(16)),
  localSigning: optional(signingKeys),
  peerSigning: optional(signingKeys),
};

/** A bond of LE Secure Connections: one key for both roles. */
export const secureBonds: fc.Arbitrary<Bond> = fc
  .record({ ...parts, key: secureKeys }, plain)
  .map(({ key, ...rest }) => ({ ...rest, centralKey: key, peripheralKey: key }));

/** A bond of LE legacy pairing: a key for each role, or for one of them. */
export const legacyBonds: fc.Arbitrary<Bond> = fc
  .record({ ...parts, centralKey: optional(legacyKeys), peripheralKey: optional(legacyKeys) }, plain)
  .filter(({ centralKey, peripheralKey }) => centralKey !== undefined || peripheralKey !== undefined);

/** Any bond. */
export const bonds: fc.Arbitrary<Bond> = fc.oneof(secureBonds, legacyBonds);
