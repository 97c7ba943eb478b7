import fc from "fast-check";
import { Address } from "../src/common/address.ts";
import { reversed } from "../src/common/bytes.ts";
import { SeededRandom } from "../src/common/random.ts";
import { c1, masked, s1 } from "../src/smp/crypto.ts";
import { distributionOf, type KeysOfOneSide } from "../src/smp/key-distribution.ts";
import * as smp from "../src/smp/pdu.ts";
import { passkeyOctets } from "../src/smp/phase.ts";
import { FixedCid, type LinkPdu, type Side } from "./conversation.ts";
import type { PairingConversation } from "./pairing-conversation.ts";

/** Bits of what a side hands out: the long term key, its identity, the signing key. Vol 3, Part H, 3.6.1. */
const distribution = fc.nat(7);

/**
 * Whole LE legacy pairings: Just Works, passkey entry or out of band; the values are right. Vol 3, Part H, 2.3.5.5 and
 * 2.4.3. Whoever listens to one without a secret out of band can find its keys: that is no fault of what is tested.
 */
export const legacyPairingConversations: fc.Arbitrary<PairingConversation> = fc
  .record({
    seed: fc.nat(0xffff),
    method: fc.oneof(
      fc.constant({ type: "justWorks" as const }),
      fc.record({ type: fc.constant("passkey" as const), passkey: fc.nat(999_999) }),
      fc.record({
        type: fc.constant("oob" as const),
        temporaryKey: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      }),
    ),
    keySize: fc.integer({ min: 7, max: 16 }),
    distribution: fc.tuple(distribution, distribution),
  })
  .map(converse);

interface Plan {
  readonly seed: number;
  readonly method:
    | { readonly type: "justWorks" }
    | { readonly type: "passkey"; readonly passkey: number }
    | { readonly type: "oob"; readonly temporaryKey: Uint8Array };
  readonly keySize: number;
  readonly distribution: readonly [central: number, peripheral: number];
}

function converse({ seed, method, keySize, distribution }: Plan): PairingConversation {
  const random = new SeededRandom(seed);
  const pdus: LinkPdu[] = [];
  const say = (from: Side, pdu: Uint8Array, encrypted = false): void => {
    pdus.push({ from, cid: FixedCid.Smp, pdu, encrypted });
  };
  const initiator = new Address("public", 0x0200_0000_0000 + random.below(0x1_0000));
  const responder = new Address("random", 0xc000_0000_0000 + random.below(0x1_0000));
  const { DisplayOnly, KeyboardOnly } = smp.IoCapability;
  const request = featuresOf(method, DisplayOnly, keySize, distribution);
  const answer = featuresOf(method, KeyboardOnly, 16, distribution);
  const [preq, pres] = [smp.PairingRequest.encode(request), smp.PairingResponse.encode(answer)];
  say("central", preq);
  say("peripheral", pres);

  const tk = temporaryKeyOf(method);
  const [mrand, srand] = [random.bytes(16), random.bytes(16)];
  const context = { preq: reversed(preq), pres: reversed(pres), initiator, responder };
  say("central", smp.PairingConfirm.encode({ value: c1(tk, mrand, context) }));
  say("peripheral", smp.PairingConfirm.encode({ value: c1(tk, srand, context) }));
  say("central", smp.PairingRandom.encode({ value: mrand }));
  say("peripheral", smp.PairingRandom.encode({ value: srand }));

  const stk = masked(s1(tk, srand, mrand), keySize);
  const keysA = keysOf(distribution[0], initiator, keySize, random);
  const keysB = keysOf(distribution[1], responder, keySize, random);
  for (const pdu of distributionOf(keysB)) say("peripheral", pdu, true);
  for (const pdu of distributionOf(keysA)) say("central", pdu, true);
  const handedOut = [keysA, keysB].flatMap(({ ltk, irk, csrk }) => [ltk?.key, irk, csrk]);
  const keys = [stk, ...handedOut.filter((key) => key !== undefined)];
  return { pdus, addresses: { central: initiator, peripheral: responder }, keys, ltk: stk };
}

function featuresOf(
  { type }: Plan["method"],
  ioCapability: number,
  maximumEncryptionKeySize: number,
  [initiatorKeyDistribution, responderKeyDistribution]: Plan["distribution"],
): smp.PairingFeatures {
  return {
    ioCapability,
    oobDataFlag: type === "oob" ? 1 : 0,
    authReq: smp.AuthReq.Bonding | (type === "justWorks" ? 0 : smp.AuthReq.Mitm),
    maximumEncryptionKeySize,
    initiatorKeyDistribution,
    responderKeyDistribution,
  };
}

function temporaryKeyOf(method: Plan["method"]): Uint8Array {
  if (method.type === "oob") return method.temporaryKey;
  return method.type === "passkey" ? passkeyOctets(method.passkey) : new Uint8Array(16);
}

function keysOf(bits: number, identity: Address, keySize: number, random: SeededRandom): KeysOfOneSide {
  const { EncKey, IdKey, SignKey } = smp.KeyDistribution;
  const ltk = { key: masked(random.bytes(16), keySize), ediv: random.below(0x1_0000), rand: random.bytes(8) };
  return {
    ...((bits & EncKey) !== 0 && { ltk }),
    ...((bits & IdKey) !== 0 && { irk: random.bytes(16), identity }),
    ...((bits & SignKey) !== 0 && { csrk: random.bytes(16) }),
  };
}
