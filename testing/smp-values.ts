import fc from "fast-check";
import { SeededRandom } from "../src/common/random.ts";
import { generateKeyPair } from "../src/smp/p256.ts";
import type { Knowledge } from "./parameter-values.ts";
import { upTo, type Values } from "./values.ts";

/** Points of the curve: making one takes a while, so there are but a few. */
const points: readonly unknown[] = [1, 2, 3, 4].map((seed) => {
  return generateKeyPair(new SeededRandom(seed)).publicKey;
});

const anyPoint: Values["encodable"] = fc.record(
  { x: upTo(32, 32).valid, y: upTo(32, 32).valid },
  { noNullPrototype: true },
);

/** SMP. Vol 3, Part H, 3.5 and 3.6. */
export const smpKnowledge: Knowledge = {
  bounds: {
    ioCapability: [0, 4],
    oobDataFlag: [0, 1],
    // Bonding_Flags are 0 or 1; bits 6 and 7 are reserved.
    authReq: fc.nat(0x3f).map((bits) => bits & ~0x02),
    maximumEncryptionKeySize: [7, 16],
    initiatorKeyDistribution: [0, 0x0f],
    responderKeyDistribution: [0, 0x0f],
    "Pairing Failed reason": [0x01, 0x0f],
    "Pairing Keypress Notification type": [0, 4],
    addressType: [0, 1],
  },
  open: {},
  // A public key is a point of P-256; any other is for the receiver to refuse.
  whole: { "Pairing Public Key": { valid: fc.constantFrom(...points), encodable: anyPoint } },
};
