import fc from "fast-check";
import { Address } from "../src/common/address.ts";
import { concat } from "../src/common/bytes.ts";
import { SeededRandom } from "../src/common/random.ts";
import { f4, f5, f6 } from "../src/smp/crypto.ts";
import { distributionOf, type KeysOfOneSide } from "../src/smp/key-distribution.ts";
import { generateKeyPair } from "../src/smp/p256.ts";
import * as smp from "../src/smp/pdu.ts";
import { FixedCid, type LinkPdu, type Side } from "./conversation.ts";

/** A pairing from beginning to end, and what nobody may find in it. */
export interface PairingConversation {
  readonly pdus: readonly LinkPdu[];
  /** Who pairs: the addresses that the check values are made with. */
  readonly addresses: Readonly<Record<Side, Address>>;
  /** All secrets that came of it: 16 octets each, most significant first. */
  readonly keys: readonly Uint8Array[];
  /** With what the link is encrypted before keys are handed out: the long term key, of LE legacy pairing the short term key. */
  readonly ltk: Uint8Array;
}

/**
 * Whole pairings with LE Secure Connections: Just Works or numeric comparison, or passkey entry; the values are right,
 * so that a peer who has the private key would go on to the end. Vol 3, Part H, 2.3.5.6 and 2.4.3.
 */
export const pairingConversations: fc.Arbitrary<PairingConversation> = fc
  .record({
    seed: fc.nat(0xffff),
    passkey: fc.option(fc.integer({ min: 0, max: 999_999 }), { nil: undefined }),
    compares: fc.boolean(),
    distribution: fc.tuple(fc.constantFrom(0, 2, 4, 6), fc.constantFrom(0, 2, 4, 6)),
  })
  .map(converse);

interface Plan {
  readonly seed: number;
  readonly passkey: number | undefined;
  readonly compares: boolean;
  readonly distribution: readonly [central: number, peripheral: number];
}

const passkeyRounds = 20;

function converse({ seed, passkey, compares, distribution }: Plan): PairingConversation {
  const random = new SeededRandom(seed);
  const pdus: LinkPdu[] = [];
  const say = (from: Side, pdu: Uint8Array, encrypted = false): void => {
    pdus.push({ from, cid: FixedCid.Smp, pdu, encrypted });
  };
  const a = new Address("public", 0x0200_0000_0000 + random.below(0x1_0000));
  const b = new Address("random", 0xc000_0000_0000 + random.below(0x1_0000));
  const [initiatorKeyDistribution, responderKeyDistribution] = distribution;
  const features = (ioCapability: number): smp.PairingFeatures => ({
    ioCapability,
    oobDataFlag: 0,
    authReq:
      smp.AuthReq.Bonding |
      smp.AuthReq.SecureConnections |
      (compares || passkey !== undefined ? smp.AuthReq.Mitm : 0),
    maximumEncryptionKeySize: 16,
    initiatorKeyDistribution,
    responderKeyDistribution,
  });
  const { DisplayYesNo, DisplayOnly, KeyboardOnly, NoInputNoOutput } = smp.IoCapability;
  const alike = compares ? DisplayYesNo : NoInputNoOutput;
  const request = features(passkey === undefined ? alike : DisplayOnly);
  const answer = features(passkey === undefined ? alike : KeyboardOnly);
  say("central", smp.PairingRequest.encode(request));
  say("peripheral", smp.PairingResponse.encode(answer));

  const [pairA, pairB] = [generateKeyPair(random), generateKeyPair(random)];
  const [pka, pkb] = [pairA.publicKey, pairB.publicKey];
  say("central", smp.PairingPublicKey.encode(pka));
  say("peripheral", smp.PairingPublicKey.encode(pkb));

  let [na, nb] = [random.bytes(16), random.bytes(16)];
  const r = new Uint8Array(16);
  if (passkey === undefined) {
    say("peripheral", smp.PairingConfirm.encode({ value: f4(pkb.x, pka.x, nb, 0) }));
    say("central", smp.PairingRandom.encode({ value: na }));
    say("peripheral", smp.PairingRandom.encode({ value: nb }));
  } else {
    new DataView(r.buffer).setUint32(12, passkey);
    for (let round = 0; round < passkeyRounds; round++) {
      [na, nb] = [random.bytes(16), random.bytes(16)];
      const bit = 0x80 | ((passkey >> round) & 1);
      say("central", smp.PairingConfirm.encode({ value: f4(pka.x, pkb.x, na, bit) }));
      say("peripheral", smp.PairingConfirm.encode({ value: f4(pkb.x, pka.x, nb, bit) }));
      say("central", smp.PairingRandom.encode({ value: na }));
      say("peripheral", smp.PairingRandom.encode({ value: nb }));
    }
  }

  const dhKey = pairA.diffieHellman(pkb);
  if (!dhKey) throw new Error("two keys that were just made have a common key");
  const { macKey, ltk } = f5(dhKey, na, nb, a, b);
  const check = (
    n1: Uint8Array,
    n2: Uint8Array,
    of: smp.PairingFeatures,
    a1: Address,
    a2: Address,
  ): Uint8Array => smp.PairingDhKeyCheck.encode({ value: f6(macKey, n1, n2, r, capabilities(of), a1, a2) });
  say("central", check(na, nb, request, a, b));
  say("peripheral", check(nb, na, answer, b, a));

  const keysA = keysOf(initiatorKeyDistribution, a, random);
  const keysB = keysOf(responderKeyDistribution, b, random);
  for (const pdu of distributionOf(keysB)) say("peripheral", pdu, true);
  for (const pdu of distributionOf(keysA)) say("central", pdu, true);
  const distributed = [keysA, keysB]
    .flatMap(({ irk, csrk }) => [irk, csrk])
    .filter((key) => key !== undefined);
  return { pdus, addresses: { central: a, peripheral: b }, keys: [ltk, macKey, ...distributed], ltk };
}

/** AuthReq, the OOB data flag and the IO capability, the most significant octet first. Vol 3, Part H, 2.3.5.6.5. */
function capabilities({ authReq, oobDataFlag, ioCapability }: smp.PairingFeatures): Uint8Array {
  return concat(Uint8Array.of(authReq, oobDataFlag, ioCapability));
}

function keysOf(bits: number, identity: Address, random: SeededRandom): KeysOfOneSide {
  return {
    ...((bits & smp.KeyDistribution.IdKey) !== 0 && { irk: random.bytes(16), identity }),
    ...((bits & smp.KeyDistribution.SignKey) !== 0 && { csrk: random.bytes(16) }),
  };
}
