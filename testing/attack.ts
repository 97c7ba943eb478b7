import fc from "fast-check";
import { codecs } from "./codecs.ts";
import { FixedCid } from "./conversation.ts";
import type { Protocol } from "./pdu-codec.ts";

/** One thing that an adversary does. */
export type Step =
  | {
      readonly do: "send";
      readonly cid: number;
      readonly pdu: Uint8Array;
      /** Octets of the first fragments. */
      readonly fragments: readonly number[];
      /** Whether it does not let the host answer before the next step. */
      readonly hurry: boolean;
    }
  | { readonly do: "fragment"; readonly continues: boolean; readonly octets: Uint8Array }
  /** Sends once more what one side has sent, so many PDUs ago. */
  | { readonly do: "again"; readonly from: "host" | "adversary"; readonly back: number }
  | { readonly do: "wait"; readonly ms: number }
  /** Tries to encrypt with a key that the host does not have. */
  | { readonly do: "encrypt"; readonly ltk: Uint8Array };

/** Of what attacks are made. */
export interface AttackOptions {
  /** Whose PDUs are sent. Default ATT, SMP and signalling. */
  readonly protocols?: readonly Extract<Protocol, "ATT" | "SMP" | "L2CAP signaling">[];
  /** Default 20. */
  readonly maxSteps?: number;
  /** Whether fragments come that belong to no PDU: hosts may disconnect for that. Default `true`. */
  readonly brokenFragments?: boolean;
  /** Whether it tries to encrypt: that ends the link, as the host has no such key. Default `false`. */
  readonly encrypts?: boolean;
  /** The longest it waits in a step, in ms. Default 31000: longer than any answer may take. */
  readonly longestWait?: number;
}

const channels = {
  ATT: FixedCid.Att,
  SMP: FixedCid.Smp,
  "L2CAP signaling": FixedCid.Signaling,
} as const;

/** PDUs for the channel of one protocol: right, nearly right, and of any octets. */
function pdusOf(protocol: keyof typeof channels): fc.Arbitrary<Uint8Array> {
  const known = codecs(protocol);
  return fc.oneof(
    { weight: 4, arbitrary: fc.oneof(...known.map(({ octets }) => octets)) },
    {
      weight: 3,
      arbitrary: fc.oneof(...known.map(({ mutations }) => mutations.map(({ octets }) => octets))),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  );
}

/** Handles as servers have them are small, and most PDUs of ATT begin with one. */
const smallHandles = fc
  .tuple(pdusOf("ATT"), fc.nat(24))
  .map(([pdu, handle]) => (pdu.length < 3 ? pdu : Uint8Array.of(pdu[0] ?? 0, handle, 0, ...pdu.subarray(3))));

function sends(protocols: readonly (keyof typeof channels)[]): fc.Arbitrary<Step> {
  const how = {
    fragments: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 3 }),
    hurry: fc.boolean(),
    do: fc.constant("send" as const),
  };
  const on = (cid: fc.Arbitrary<number>, pdu: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Step> =>
    fc.record({ ...how, cid, pdu }, { noNullPrototype: true });
  const usual = protocols.map((protocol) => {
    const pdus = protocol === "ATT" ? fc.oneof(pdusOf(protocol), smallHandles) : pdusOf(protocol);
    return { weight: 6, arbitrary: on(fc.constant(channels[protocol]), pdus) };
  });
  const anywhere = on(fc.integer({ min: 0, max: 0x80 }), fc.uint8Array({ maxLength: 40 }));
  return fc.oneof(...usual, { weight: 1, arbitrary: anywhere });
}

/**
 * What an adversary may do, in any order: PDUs that are right or nearly right at any time, fragments that are none,
 * repetition and reflection, waiting. Shrinks to few steps of few octets.
 *
 * @throws {@link RangeError} `protocols` is empty.
 */
export function attacks({
  protocols = ["ATT", "SMP", "L2CAP signaling"],
  maxSteps = 20,
  brokenFragments = true,
  encrypts = false,
  longestWait = 31_000,
}: AttackOptions = {}): fc.Arbitrary<readonly Step[]> {
  if (protocols.length === 0) throw new RangeError("protocols: name one or more");
  const again = fc.record({
    do: fc.constant("again" as const),
    from: fc.constantFrom("host" as const, "adversary" as const),
    back: fc.nat(8),
  });
  const wait = fc.record({ do: fc.constant("wait" as const), ms: fc.nat(longestWait) });
  const fragment = fc.record({
    do: fc.constant("fragment" as const),
    continues: fc.boolean(),
    octets: fc.uint8Array({ maxLength: 27 }),
  });
  const encrypt = fc.record({
    do: fc.constant("encrypt" as const),
    ltk: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 14, arbitrary: sends(protocols) },
    { weight: 2, arbitrary: again },
    { weight: 1, arbitrary: wait },
    { weight: brokenFragments ? 1 : 0, arbitrary: fragment },
    { weight: encrypts ? 1 : 0, arbitrary: encrypt },
  );
  return fc.array(step, { maxLength: maxSteps });
}
