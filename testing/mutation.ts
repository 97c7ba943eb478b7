import fc from "fast-check";
import { concat } from "../src/common/bytes.ts";
import type { PduHeader } from "./pdu-codec.ts";

/** How a PDU was made nearly right. */
export type MutationKind =
  /** Octets at the end are missing. */
  | "truncated"
  /** There are octets behind the end. */
  | "extended"
  /** The length in the header, or where there is none a number anywhere, is one more or less. */
  | "lengthOffByOne"
  /** One to four bits are inverted. */
  | "flippedBits"
  /** Fields hold what the specification reserves or forbids. */
  | "reservedValues"
  /** It says that it is another PDU. */
  | "wrongCode"
  /** Some octets stand there twice. */
  | "duplicatedField";

/** A PDU that is nearly right. It may be one that decodes by chance. */
export interface Mutation {
  readonly kind: MutationKind;
  readonly octets: Uint8Array;
}

/**
 * PDUs that are nearly right.
 *
 * @param valid - Those they are made of.
 * @param encodable - PDUs whose fields hold anything.
 */
export function mutationsOf(
  valid: fc.Arbitrary<Uint8Array>,
  encodable: fc.Arbitrary<Uint8Array>,
  { codeAt, lengthAt }: PduHeader,
): fc.Arbitrary<Mutation> {
  const from = <T>(
    kind: MutationKind,
    how: fc.Arbitrary<T>,
    change: (octets: Uint8Array, how: T) => Uint8Array,
  ): fc.Arbitrary<Mutation> =>
    fc.tuple(valid, how).map(([octets, how]) => ({ kind, octets: change(octets.slice(), how) }));
  const share = fc.nat(0xffff);
  return fc.oneof(
    from("truncated", share, (octets, part) => octets.subarray(0, placeIn(octets, part))),
    from("extended", fc.uint8Array({ minLength: 1, maxLength: 8 }), (octets, more) => concat(octets, more)),
    from("lengthOffByOne", fc.tuple(share, fc.boolean()), (octets, [part, more]) =>
      set(octets, lengthAt ?? placeIn(octets, part), (octet) => octet + (more ? 1 : -1)),
    ),
    from("flippedBits", fc.array(share, { minLength: 1, maxLength: 4 }), (octets, parts) => {
      for (const part of parts) set(octets, placeIn(octets, part), (octet) => octet ^ (1 << (part % 8)));
      return octets;
    }),
    encodable.map((octets): Mutation => ({ kind: "reservedValues", octets })),
    from("wrongCode", fc.integer({ min: 1, max: 0xff }), (octets, by) =>
      set(octets, codeAt, (octet) => octet + by),
    ),
    from("duplicatedField", fc.tuple(share, fc.integer({ min: 1, max: 8 })), (octets, [part, size]) => {
      const at = placeIn(octets, part);
      return concat(octets.subarray(0, at + size), octets.subarray(at));
    }),
  );
}

/** A place in the octets, which shrinks towards the beginning. */
function placeIn(octets: Uint8Array, part: number): number {
  return octets.length === 0 ? 0 : part % octets.length;
}

function set(octets: Uint8Array, at: number, change: (octet: number) => number): Uint8Array {
  const octet = octets[at];
  if (octet !== undefined) octets[at] = change(octet);
  return octets;
}
