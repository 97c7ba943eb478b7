import { Address } from "../common/address.ts";
import { equal, fromHex, reversed, toHex, u16At, putU16 } from "../common/bytes.ts";
import { JsonPlace } from "../common/json.ts";
import type { Bond, LongTermKey, SigningKey } from "../smp/bond.ts";
import { bondFromJson, bondToJson } from "../smp/bond-json.ts";
import { addressOctets } from "../smp/crypto.ts";
import { checkImported, type ImportedBonds } from "./imported-bonds.ts";

/**
 * A secret as MicroPython's `_IRQ_SET_SECRET` hands it out and `_IRQ_GET_SECRET` wants it back: a type, a key to find
 * it by, and the value.
 */
export type Secret = readonly [type: number, key: Uint8Array, value: Uint8Array];

/** The types of secrets: keys that a device has given to its peer, those it has got, and its identity resolving key. */
export const SecretType = { OurKeys: 1, PeerKeys: 2, OurIrk: 10 } as const;

/** The key that MicroPython finds its own identity resolving key by. */
const irkName: Uint8Array = new TextEncoder().encode("irk");

/**
 * Where each field of a value stands. The value is a structure of NimBLE as its compilers lay it out, on 32-bit Arm as
 * on x86-64: `ble_store_value_sec`. Numbers and keys in it are least significant octet first.
 */
const at = {
  addressType: 0,
  address: 1,
  keySize: 7,
  ediv: 8,
  rand: 16,
  ltk: 24,
  ltkPresent: 40,
  irk: 41,
  irkPresent: 57,
  csrk: 58,
  /** Bit 0: there is a CSRK; bit 1: authenticated; bit 2: LE Secure Connections. */
  flags: 74,
  end: 80,
} as const;

/** What one value holds: what one side of a pairing has handed out. */
interface Handed {
  readonly identity: Address;
  readonly ltk: LongTermKey | undefined;
  readonly irk: Uint8Array | undefined;
  readonly csrk: Uint8Array | undefined;
  readonly authenticated: boolean;
}

/**
 * The bonds that secrets of MicroPython hold. Secrets of other types are passed over. MicroPython keeps no signature
 * counters, so they begin at 0.
 *
 * @throws {@link SyntaxError} A value has another length than NimBLE gives it, or no identity address.
 */
export function bondsFromSecrets(secrets: Iterable<Secret>): ImportedBonds {
  const ours = new Map<string, Handed>();
  const theirs = new Map<string, Handed>();
  let irk: string | undefined;
  for (const [type, key, value] of secrets) {
    if (type === SecretType.OurIrk && equal(key, irkName)) irk = toHex(reversed(octets(value, 16)));
    if (type !== SecretType.OurKeys && type !== SecretType.PeerKeys) continue;
    const handed = decode(octets(value, at.end));
    (type === SecretType.OurKeys ? ours : theirs).set(handed.identity.toString(), handed);
  }
  const identities = new Set([...theirs.keys(), ...ours.keys()]);
  return {
    irk,
    bonds: [...identities].map((identity) =>
      bondToJson(bondOf(ours.get(identity), theirs.get(identity), identity)),
    ),
  };
}

/**
 * The bonds as secrets for MicroPython.
 *
 * @throws {@link SyntaxError} A bond is none.
 * @throws {@link TypeError} It is no object with bonds.
 */
export function secretsFromBonds(imported: ImportedBonds): Secret[] {
  checkImported("secretsFromBonds", imported);
  const { irk, bonds } = imported;
  const secrets: Secret[] = [];
  const own = irk === undefined ? undefined : fromHex(irk);
  if (own) secrets.push([SecretType.OurIrk, irkName.slice(), reversed(own)]);
  for (const json of bonds) {
    const bond = bondFromJson(new JsonPlace(json, "bond"));
    const ours = encode(bond.identity, bond.peripheralKey, own, bond.localSigning);
    const theirs = encode(bond.identity, bond.centralKey, bond.irk, bond.peerSigning);
    secrets.push([SecretType.OurKeys, ours.slice(0, at.keySize), ours]);
    secrets.push([SecretType.PeerKeys, theirs.slice(0, at.keySize), theirs]);
  }
  return secrets;
}

function bondOf(ours: Handed | undefined, theirs: Handed | undefined, identity: string): Bond {
  return {
    identity: Address.parse(identity),
    irk: theirs?.irk,
    centralKey: theirs?.ltk,
    peripheralKey: ours?.ltk,
    localSigning: signing(ours),
    peerSigning: signing(theirs),
  };
}

function signing(handed: Handed | undefined): SigningKey | undefined {
  if (!handed?.csrk) return undefined;
  return { key: handed.csrk, counter: 0, authenticated: handed.authenticated };
}

function decode(value: Uint8Array): Handed {
  const flags = value[at.flags] ?? 0;
  const authenticated = (flags & 2) !== 0;
  const keySize = value[at.keySize] ?? 0;
  const ltk = (value[at.ltkPresent] ?? 0) & 1 ? field(value, at.ltk, 16) : undefined;
  if (ltk && (keySize < 7 || keySize > 16)) throw new SyntaxError("a secret has no size of its key");
  return {
    identity: addressOf(value),
    ltk: ltk && {
      key: ltk,
      ediv: u16At(value, at.ediv),
      rand: field(value, at.rand, 8),
      keySize,
      authenticated,
      secureConnections: (flags & 4) !== 0,
    },
    irk: (value[at.irkPresent] ?? 0) & 1 ? field(value, at.irk, 16) : undefined,
    csrk: flags & 1 ? field(value, at.csrk, 16) : undefined,
    authenticated,
  };
}

function encode(
  identity: Address,
  ltk: LongTermKey | undefined,
  irk: Uint8Array | undefined,
  csrk: SigningKey | undefined,
): Uint8Array {
  const value = new Uint8Array(at.end);
  value[at.addressType] = identity.type === "random" ? 1 : 0;
  value.set(reversed(addressOctets(identity)), at.address);
  if (ltk) putLongTermKey(value, ltk);
  if (irk) {
    value.set(reversed(irk), at.irk);
    value[at.irkPresent] = 1;
  }
  if (csrk) value.set(reversed(csrk.key), at.csrk);
  value[at.flags] = flagsOf(ltk, csrk);
  return value;
}

function putLongTermKey(value: Uint8Array, { key, ediv, rand, keySize }: LongTermKey): void {
  value[at.keySize] = keySize;
  putU16(value, at.ediv, ediv);
  value.set(reversed(rand), at.rand);
  value.set(reversed(key), at.ltk);
  value[at.ltkPresent] = 1;
}

function flagsOf(ltk: LongTermKey | undefined, csrk: SigningKey | undefined): number {
  const { authenticated } = ltk ?? csrk ?? { authenticated: false };
  return (csrk ? 1 : 0) | (authenticated ? 2 : 0) | (ltk?.secureConnections ? 4 : 0);
}

function addressOf(value: Uint8Array): Address {
  const digits = reversed(value.subarray(at.address, at.keySize));
  const number = digits.reduce((sum, octet) => sum * 256 + octet, 0);
  // NimBLE tells identities that were resolved apart by bit 1.
  const address = new Address(((value[at.addressType] ?? 0) & 1) === 1 ? "random" : "public", number);
  if (address.kind === "public" || address.kind === "static") return address;
  throw new SyntaxError("a secret is of a peer without an identity address, public or static");
}

function field(value: Uint8Array, start: number, size: number): Uint8Array {
  return reversed(value.subarray(start, start + size));
}

function octets(value: Uint8Array, size: number): Uint8Array {
  if (value.length !== size) throw new SyntaxError(`a secret has ${value.length} octets, not ${size}`);
  return value;
}
