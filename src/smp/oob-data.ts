import { Address } from "../common/address.ts";
import { concat, fromHex, reversed, toHex } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";

/** Which roles a device can take, as out-of-band data tell it. Supplement to the Core Specification, Part A, 1.17. */
export type OobRole = "peripheral" | "central" | "peripheralPreferred" | "centralPreferred";

/**
 * What one device tells another for pairing on a way that is not the radio: NFC, a QR code, a cable.
 * Vol 3, Part H, 2.3.5.4 and 2.3.5.6.4.
 *
 * Whoever reads it can pair in the place of the other device until it has been used.
 */
export interface OobData {
  /** Where the device is to be found. Supplement, Part A, 1.16. */
  readonly address?: Address | undefined;
  readonly role?: OobRole | undefined;
  /** LE Secure Connections: the confirm value C, 16 octets, most significant first. Supplement, Part A, 1.6. */
  readonly confirm?: Uint8Array | undefined;
  /** LE Secure Connections: the random value r, 16 octets, most significant first. */
  readonly random?: Uint8Array | undefined;
  /** LE legacy pairing: the temporary key, 16 octets, most significant first. Supplement, Part A, 1.8. */
  readonly temporaryKey?: Uint8Array | undefined;
}

/** AD types that out-of-band data are made of. Assigned Numbers, 2.3. */
const Type = { temporaryKey: 0x10, address: 0x1b, role: 0x1c, confirm: 0x22, random: 0x23 } as const;

/** By the octet on the air. */
const roles: readonly OobRole[] = ["peripheral", "central", "peripheralPreferred", "centralPreferred"];

/** What a text begins with; the letters and digits are those that a QR code has a short form for. */
const textPrefix = "BLEOOB:";

/**
 * The data as AD structures: the payload of an NFC record of type `application/vnd.bluetooth.le.oob`.
 * Supplement, Part A; Vol 3, Part C, 11.
 *
 * @returns Up to 66 octets that the caller *owns*.
 * @throws {@link RangeError} A value has not its 16 octets; `confirm` and `random` are not both there or both absent; or
 *   there is no such role.
 * @throws {@link TypeError} A value is no octets.
 */
export function encodeOobData({ address, role, confirm, random, temporaryKey }: OobData): Uint8Array {
  if ((confirm === undefined) !== (random === undefined)) {
    throw new RangeError("confirm, random: one is of no use without the other");
  }
  // For programs that no compiler checks, here and below.
  if (role !== undefined && !roles.includes(role)) {
    throw new RangeError(`role: it is none of ${roles.join(", ")}`);
  }
  return concat(
    ...(address ? [structure(Type.address, addressOctets(address))] : []),
    ...(role ? [structure(Type.role, Uint8Array.of(roles.indexOf(role)))] : []),
    ...(temporaryKey ? [structure(Type.temporaryKey, key("temporaryKey", temporaryKey))] : []),
    ...(confirm ? [structure(Type.confirm, key("confirm", confirm))] : []),
    ...(random ? [structure(Type.random, key("random", random))] : []),
  );
}

/**
 * The data that AD structures hold; others among them are passed over.
 *
 * @throws {@link MalformedPduError} The structures do not end where the octets do, one has a wrong length or stands
 *   there twice, or half of a pair is missing.
 * @throws {@link TypeError} They are no octets.
 */
export function decodeOobData(octets: Uint8Array): OobData {
  requireOctets("octets", octets);
  const data = structuresByType(octets);
  const of = (type: number, size: number): Uint8Array | undefined => {
    const value = data.get(type);
    if (value && value.length !== size) fail("a structure has a wrong length");
    return value && reversed(value);
  };
  const confirm = of(Type.confirm, 16);
  const random = of(Type.random, 16);
  if ((confirm === undefined) !== (random === undefined)) fail("one of confirm and random value is missing");
  const address = of(Type.address, 7);
  const temporaryKey = of(Type.temporaryKey, 16);
  const role = roleOf(of(Type.role, 1)?.[0]);
  return {
    ...(address && { address: addressFrom(address) }),
    ...(role && { role }),
    ...(confirm && { confirm, random }),
    ...(temporaryKey && { temporaryKey }),
  };
}

/**
 * The data as a text of capital letters, digits and a colon, which a QR code holds in its short form: `BLEOOB:` and the
 * AD structures in hex.
 *
 * @throws {@link RangeError} As {@link encodeOobData} does.
 */
export function oobDataToText(data: OobData): string {
  return textPrefix + toHex(encodeOobData(data)).toUpperCase();
}

/**
 * The data of a text made by {@link oobDataToText}; case and space around it do not matter.
 *
 * @throws {@link SyntaxError} It does not begin with `BLEOOB:`, or goes on with something else than hex.
 * @throws {@link MalformedPduError} The octets are none, see {@link decodeOobData}.
 * @throws {@link TypeError} It is no text.
 */
export function oobDataFromText(text: string): OobData {
  if (typeof text !== "string") throw new TypeError(`text: give one that begins with ${textPrefix}`);
  const trimmed = text.trim();
  const digits = trimmed.slice(textPrefix.length);
  // Not what it is: it may be secret.
  if (
    trimmed.slice(0, textPrefix.length).toUpperCase() !== textPrefix ||
    !/^(?:[0-9a-f]{2})*$/i.test(digits)
  ) {
    throw new SyntaxError(`no out-of-band data: they are ${textPrefix} and hex`);
  }
  return decodeOobData(fromHex(digits));
}

function structuresByType(octets: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const data = new Map<number, Uint8Array>();
  for (let at = 0; at < octets.length;) {
    const length = octets[at] ?? 0;
    if (length === 0) break; // what follows is padding
    const type = octets[at + 1];
    const end = at + 1 + length;
    if (type === undefined || end > octets.length) fail("a structure is cut off");
    if (data.has(type)) fail("a structure stands there twice");
    data.set(type, octets.slice(at + 2, end));
    at = end;
  }
  return data;
}

function structure(type: number, data: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(1 + data.length, type), data);
}

function requireOctets(name: string, value: unknown): void {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name}: give a Uint8Array`);
}

function key(name: string, value: Uint8Array): Uint8Array {
  requireOctets(name, value);
  if (value.length !== 16) throw new RangeError(`${name}: ${value.length} octets are not 16`);
  return reversed(value);
}

/** The 48 bits, least significant octet first, then one octet whose lowest bit tells a random address. */
function addressOctets({ type, value }: Address): Uint8Array {
  const octets = new Uint8Array(7);
  for (let i = 0, rest = value; i < 6; i++, rest = Math.floor(rest / 256)) octets[i] = rest % 256;
  octets[6] = type === "random" ? 1 : 0;
  return octets;
}

/** @param octets - Most significant first: the type, then the 48 bits. */
function addressFrom(octets: Uint8Array): Address {
  const value = octets.subarray(1).reduce((number, octet) => number * 256 + octet, 0);
  return new Address(((octets[0] ?? 0) & 1) === 1 ? "random" : "public", value);
}

/** A role that is reserved says nothing. */
function roleOf(octet: number | undefined): OobRole | undefined {
  return octet === undefined ? undefined : roles[octet];
}

function fail(why: string): never {
  throw new MalformedPduError("out-of-band data", why);
}
