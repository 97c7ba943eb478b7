import fc from "fast-check";
import { type Random, SeededRandom } from "../../src/common/random.ts";
import { f4 } from "../../src/smp/crypto.ts";
import { generateKeyPair } from "../../src/smp/p256.ts";
import type {
  DistributedKeys,
  LocalOobData,
  PairingSettings,
  PeerOobData,
} from "../../src/smp/pairing-user.ts";
import { codecs } from "../../testing/index.ts";
import type { Person } from "./two-managers.ts";

const keys: fc.Arbitrary<DistributedKeys> = fc.record({
  encryption: fc.boolean(),
  identity: fc.boolean(),
  signing: fc.boolean(),
});

/** Any settings but out-of-band data. */
export const settings: fc.Arbitrary<PairingSettings> = fc
  .record({
    ioCapability: fc.integer({ min: 0, max: 4 }),
    bonding: fc.boolean(),
    mitm: fc.constantFrom("no" as const, "preferred" as const, "required" as const),
    secureConnections: fc.constantFrom(
      "off" as const,
      "preferred" as const,
      "preferred" as const,
      "required" as const,
      "only" as const,
    ),
    keypress: fc.boolean(),
    sizes: fc.tuple(fc.integer({ min: 7, max: 16 }), fc.constantFrom(7, 10, 16, 16, 16)),
    distribute: keys,
    accept: keys,
    repairing: fc.constantFrom("refuse" as const, "ask" as const, "allow" as const),
    authorizeJustWorks: fc.boolean(),
  })
  .map(({ sizes: [min, max], ...rest }) => ({ ...rest, minKeySize: Math.min(min, max), maxKeySize: max }));

/** Which side has data of the other: for LE Secure Connections, or for LE legacy pairing both. */
export const oob: fc.Arbitrary<"none" | "central" | "peripheral" | "both" | "legacy"> = fc.constantFrom(
  "none",
  "none",
  "none",
  "central",
  "peripheral",
  "both",
  "legacy",
);

interface Oob {
  readonly localOob?: LocalOobData;
  readonly peerOob?: PeerOobData;
}

/** The data of both sides for that. */
export function oobData(
  who: "none" | "central" | "peripheral" | "both" | "legacy",
  seed: number,
): { readonly central: Oob; readonly peripheral: Oob } {
  const random: Random = new SeededRandom(seed ^ 0x5eed);
  if (who === "none") return { central: {}, peripheral: {} };
  if (who === "legacy") {
    const peerOob = { temporaryKey: random.bytes(16) };
    return { central: { peerOob }, peripheral: { peerOob } };
  }
  const make = (): { local: LocalOobData; told: PeerOobData } => {
    const local = { keyPair: generateKeyPair(random), random: random.bytes(16) };
    const { x } = local.keyPair.publicKey;
    return {
      local,
      told: { secureConnections: { confirm: f4(x, x, local.random, 0), random: local.random } },
    };
  };
  const [central, peripheral] = [make(), make()];
  return {
    central: {
      ...(who !== "central" && { localOob: central.local }),
      ...(who !== "peripheral" && { peerOob: peripheral.told }),
    },
    peripheral: {
      ...(who !== "peripheral" && { localOob: peripheral.local }),
      ...(who !== "central" && { peerOob: central.told }),
    },
  };
}

/** Someone who mostly does what is right. */
export const person: fc.Arbitrary<Person> = fc
  .record({
    slow: fc.boolean(),
    passkey: fc.constantFrom("shown", "shown", "shown", "wrong", "refused"),
    same: fc.constantFrom("look", "look", "look", "always", "never"),
    allows: fc.constantFrom(true, true, false),
  })
  .map(({ slow, passkey, same, allows }) => ({
    slow,
    typesPasskey: (shown: number | undefined) => {
      if (passkey === "refused") return undefined;
      return passkey === "wrong" ? ((shown ?? 0) + 1) % 1_000_000 : (shown ?? 4711);
    },
    comparesNumbers: (own: number, other: number | undefined) =>
      same === "always" || (same === "look" && (other === undefined || other === own)),
    authorizes: () => allows,
  }));

/** Someone who does what is right, at once. */
export const goodPerson: Person = {
  typesPasskey: (shown) => shown ?? 4711,
};

const smp = codecs("SMP");

/** Features that a side could have, so that pairings come further. */
const usualFeatures = fc
  .tuple(fc.constantFrom(1, 2), fc.integer({ min: 0, max: 4 }), fc.nat(63), fc.integer({ min: 7, max: 16 }))
  .map(([code, io, authReq, size]) => Uint8Array.of(code, io, 0, authReq, size, 7, 7));

/** A command that the specification allows, one with reserved values, one that is nearly right, or any octets. */
export const anyPdu: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: fc.oneof(...smp.map(({ octets }) => octets)) },
  {
    weight: 2,
    arbitrary: fc.oneof(...smp.map((codec) => codec.encodable.map((value) => codec.encode(value)))),
  },
  { weight: 2, arbitrary: usualFeatures },
  { weight: 2, arbitrary: fc.oneof(...smp.map(({ mutations }) => mutations.map(({ octets }) => octets))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 70 }) },
);
