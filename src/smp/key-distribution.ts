import { Address } from "../common/address.ts";
import type { Random } from "../common/random.ts";
import { wipe } from "../common/aes.ts";
import type { Agreement } from "./feature-exchange.ts";
import { masked } from "./crypto.ts";
import type { OwnIdentity } from "./key-store.ts";
import { PairingFailure } from "./pairing-failure.ts";
import * as pdu from "./pdu.ts";
import { type Ended, fail, type Input, type Phase, type Step } from "./phase.ts";

/** A long term key with what it is found by. Vol 3, Part H, 2.4.2.3. */
export interface DistributedLtk {
  /** 16 octets, most significant first, masked to the agreed size. */
  readonly key: Uint8Array;
  readonly ediv: number;
  /** 8 octets, most significant first. */
  readonly rand: Uint8Array;
}

/** What one side has handed out. Absent is what was not agreed on. */
export interface KeysOfOneSide {
  readonly ltk?: DistributedLtk;
  /** 16 octets; all 0 when the side has no resolvable private addresses. */
  readonly irk?: Uint8Array;
  readonly identity?: Address;
  /** 16 octets. */
  readonly csrk?: Uint8Array;
}

/** New keys of this side, as far as they are agreed on: bits of {@link pdu.KeyDistribution}. Vol 3, Part H, 2.4.2. */
export function ownKeys(
  bits: number,
  { keySize }: Agreement,
  own: OwnIdentity,
  random: Random,
): KeysOfOneSide {
  return {
    ...((bits & pdu.KeyDistribution.EncKey) !== 0 && { ltk: newLtk(keySize, random) }),
    ...((bits & pdu.KeyDistribution.IdKey) !== 0 && { irk: own.irk, identity: own.address }),
    ...((bits & pdu.KeyDistribution.SignKey) !== 0 && { csrk: random.bytes(16) }),
  };
}

/** The commands that hand out these keys, in the order of Vol 3, Part H, 3.6.1. */
export function distributionOf({ ltk, irk, identity, csrk }: KeysOfOneSide): Uint8Array[] {
  const commands: Uint8Array[] = [];
  if (ltk) {
    commands.push(pdu.EncryptionInformation.encode({ ltk: ltk.key }));
    commands.push(pdu.CentralIdentification.encode(ltk));
  }
  if (irk && identity) {
    commands.push(pdu.IdentityInformation.encode({ irk }));
    const addressType = identity.type === "random" ? 1 : 0;
    commands.push(pdu.IdentityAddressInformation.encode({ addressType, address: identity.value }));
  }
  if (csrk) commands.push(pdu.SigningInformation.encode({ csrk }));
  return commands;
}

/** Fixed for the whole phase. */
export interface ReceptionFixed {
  /** Bits of {@link pdu.KeyDistribution}: what the peer hands out. */
  readonly expected: number;
  /** Octets that were agreed on. */
  readonly keySize: number;
}

/** Where the phase is: what has come, and which commands are still to come, the next one first. */
export interface ReceptionState {
  readonly at: "awaitKeys";
  readonly keys: KeysOfOneSide;
  readonly awaited: readonly Input["type"][];
}

type ReceptionStep = Step<ReceptionState, KeysOfOneSide>;

/** Phase 3: the keys of the peer, in the specified order and no others. Vol 3, Part H, 2.4.3 and 3.6.1. */
export const keyReception: Phase<ReceptionFixed, ReceptionState, KeysOfOneSide> = {
  begin({ expected }) {
    const awaited: Input["type"][] = [];
    if (expected & pdu.KeyDistribution.EncKey) awaited.push("ltk", "identification");
    if (expected & pdu.KeyDistribution.IdKey) awaited.push("irk", "identityAddress");
    if (expected & pdu.KeyDistribution.SignKey) awaited.push("csrk");
    return next({}, awaited);
  },

  step({ keys, awaited }, input, { keySize }) {
    if (input.type !== awaited[0]) return fail(PairingFailure.UnspecifiedReason);
    const more = take(keys, input, keySize);
    return typeof more === "number" ? fail(more) : next({ ...keys, ...more }, awaited.slice(1));
  },
};

function next(keys: KeysOfOneSide, awaited: readonly Input["type"][]): ReceptionStep {
  const done: Ended<KeysOfOneSide> = { at: "done", result: keys };
  return [awaited.length === 0 ? done : { at: "awaitKeys", keys, awaited }];
}

/** What a command adds to the keys, or why it is not accepted. */
function take(keys: KeysOfOneSide, input: Input, keySize: number): KeysOfOneSide | PairingFailure {
  switch (input.type) {
    case "ltk": {
      const key = masked(input.key, keySize);
      return isZero(key) ? PairingFailure.KeyRejected : { ltk: { key, ediv: 0, rand: new Uint8Array(8) } };
    }
    case "identification": {
      const { ediv, rand } = input;
      return keys.ltk ? { ltk: { key: keys.ltk.key, ediv, rand } } : PairingFailure.UnspecifiedReason;
    }
    case "irk":
      return { irk: input.key };
    case "identityAddress": {
      const identity = identityOf(input.addressType, input.address);
      return identity ? { identity } : PairingFailure.InvalidParameters;
    }
    case "csrk":
      return isZero(input.key) ? PairingFailure.KeyRejected : { csrk: input.key };
    default:
      return PairingFailure.UnspecifiedReason;
  }
}

/** An identity address is public or random static. Vol 3, Part H, 3.6.5. */
function identityOf(addressType: number, address: number): Address | undefined {
  if (addressType > 1) return undefined;
  const identity = new Address(addressType === 1 ? "random" : "public", address);
  return identity.kind === "public" || identity.kind === "static" ? identity : undefined;
}

function newLtk(keySize: number, random: Random): DistributedLtk {
  const whole = random.bytes(16);
  const key = masked(whole, keySize);
  wipe(whole);
  const [high = 0, low = 0] = random.bytes(2);
  return { key, ediv: (high << 8) | low, rand: random.bytes(8) };
}

function isZero(octets: Uint8Array): boolean {
  return octets.every((octet) => octet === 0);
}
