import { MalformedPduError } from "../src/common/errors.ts";

/** What one field of a packet is, as far as its codec shows it. */
export type PlainField =
  | { readonly kind: "unsigned" | "signed" | "big"; readonly octets: number }
  | { readonly kind: "octets"; readonly octets: number }
  | { readonly kind: "flag" };

/** The fields of a packet, found out by decoding. */
export interface ProbedFields {
  /** Those that take the same octets whatever their value, in the order in which they go over the air. */
  readonly plain: ReadonlyMap<string, PlainField>;
  /** Those that do not, such as lists: values for them have to be made by somebody who knows more. */
  readonly open: readonly string[];
}

/** As far as it is looked for the first size that decodes; the longest packet of one size is shorter. */
const mostOctets = 300;

/**
 * Finds out which fields a packet has, and how wide they are, from what becomes of zeros in which one octet is not
 * zero: so a definition that gains a field need not be described a second time.
 *
 * @param decode - Of the parameters alone. It is given up to 300 octets.
 * @returns `undefined` when zeros are malformed at any length, so that there is nothing to begin with.
 */
export function probeFields(decode: (parameters: Uint8Array) => unknown): ProbedFields | undefined {
  const zeros = firstAccepted(decode);
  if (!zeros) return undefined;
  const places = new Map<string, number[]>();
  for (const [name] of entries(zeros.value)) places.set(name, []);
  for (let at = 0; at < zeros.size; at++) {
    const value = attempt(decode, withOnes(zeros.size, [at]));
    if (value === undefined) continue; // a length or a count: it wants more octets
    for (const [name, octets] of places) {
      if (!same(property(value, name), property(zeros.value, name))) octets.push(at);
    }
  }
  const plain = new Map<string, PlainField>();
  const open: string[] = [];
  for (const [name, octets] of places) {
    const ones = property(attempt(decode, withOnes(zeros.size, octets)), name);
    const field = fieldOf(property(zeros.value, name), ones, octets.length);
    if (field) plain.set(name, field);
    else open.push(name);
  }
  return { plain, open };
}

function firstAccepted(
  decode: (parameters: Uint8Array) => unknown,
): { readonly size: number; readonly value: unknown } | undefined {
  for (let size = 0; size <= mostOctets; size++) {
    const value = attempt(decode, new Uint8Array(size));
    if (value !== undefined) return { size, value };
  }
  return undefined;
}

function fieldOf(zero: unknown, ones: unknown, octets: number): PlainField | undefined {
  if (typeof zero === "boolean") return { kind: "flag" };
  if (typeof zero === "bigint") return { kind: "big", octets };
  if (typeof zero === "number") return { kind: Number(ones) < 0 ? "signed" : "unsigned", octets };
  if (zero instanceof Uint8Array && octets > 0 && zero.length === octets) return { kind: "octets", octets };
  return undefined;
}

function attempt(decode: (parameters: Uint8Array) => unknown, octets: Uint8Array): unknown {
  try {
    return decode(octets);
  } catch (error) {
    if (!(error instanceof MalformedPduError)) throw error;
    return undefined;
  }
}

function withOnes(size: number, places: readonly number[]): Uint8Array {
  const octets = new Uint8Array(size);
  for (const at of places) octets[at] = 0xff;
  return octets;
}

function entries(value: unknown): [string, unknown][] {
  return Object.entries(value as Record<string, unknown>);
}

function property(value: unknown, name: string): unknown {
  return (value as Record<string, unknown>)[name];
}

function same(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return a.length === b.length && a.every((octet, at) => octet === b[at]);
  }
  // A list or a group is open whatever it holds.
  return a === b || (typeof a === "object" && typeof b === "object");
}
