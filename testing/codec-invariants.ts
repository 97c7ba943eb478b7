import { isDeepStrictEqual } from "node:util";
import { equal, toHex } from "../src/common/bytes.ts";
import { MalformedPduError } from "../src/common/errors.ts";
import { InvariantError } from "./invariant.ts";

/** Something that decodes: a codec of this package, or somebody else's behind a function. */
export interface Decoder<T = unknown> {
  readonly name: string;
  decode(octets: Uint8Array): T;
}

/** Something that also encodes. */
export interface Transcoder<T = unknown> extends Decoder<T> {
  encode(value: T): Uint8Array;
}

/** Which errors stand for malformed octets; default: `MalformedPduError`. */
export interface RefusalOptions {
  readonly isRefusal?: (error: unknown) => boolean;
}

const isMalformed = (error: unknown): boolean => error instanceof MalformedPduError;

/**
 * Whatever the octets are, they decode or they are refused in the way that is meant for it, nothing else.
 *
 * @throws {@link InvariantError} Another error came out; it is the `cause`.
 */
export function decodesOrThrowsMalformed(
  decoder: Decoder,
  octets: Uint8Array,
  options: RefusalOptions = {},
): void {
  decodedUnlessMalformed(decoder, octets, options);
}

/**
 * The same for who goes on with the value.
 *
 * @returns What they decode to, `undefined` when they are refused.
 */
export function decodedUnlessMalformed<T>(
  decoder: Decoder<T>,
  octets: Uint8Array,
  { isRefusal = isMalformed }: RefusalOptions = {},
): T | undefined {
  try {
    return decoder.decode(octets);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw new InvariantError(
      "decodesOrThrowsMalformed",
      `${decoder.name} does not refuse ${shown(octets)} but fails with ${String(error)}`,
      { cause: error },
    );
  }
}

/**
 * A value encodes to octets that decode to the same value. Where an object comes from does not matter, so that one
 * without a prototype, as fast-check makes some, is the same as another with the same fields.
 *
 * @throws {@link InvariantError} They decode to another one, or not at all.
 */
export function roundTrips<T>(codec: Transcoder<T>, value: T): void {
  const octets = codec.encode(value);
  const again = decodeOrSay("roundTrips", codec, octets);
  if (!isDeepStrictEqual(bare(again), bare(value))) {
    throw new InvariantError(
      "roundTrips",
      `${codec.name} reads ${shown(octets)} as another value than it wrote`,
    );
  }
}

/** The same fields in objects that are alike. */
function bare(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value); // a Buffer holds the same octets
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== "object" || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return value; // an Address, a Uuid
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, bare(field)]));
}

/**
 * Octets of the one right form decode to a value that encodes to the same octets.
 *
 * @throws {@link InvariantError} To other octets, or they do not decode.
 */
export function reencodes<T>(codec: Transcoder<T>, octets: Uint8Array): void {
  const again = codec.encode(decodeOrSay("reencodes", codec, octets));
  if (equal(again, octets)) return;
  throw new InvariantError("reencodes", `${codec.name} writes ${shown(octets)} as ${shown(again)}`);
}

/**
 * Two decoders agree on whether octets are a PDU.
 *
 * @throws {@link InvariantError} One of them takes what the other refuses.
 */
export function agree(
  ours: Decoder,
  theirs: Decoder,
  octets: Uint8Array,
  { isRefusal = isMalformed }: RefusalOptions = {},
): void {
  const taken = [ours, theirs].map((decoder) => {
    const options = decoder === theirs ? { isRefusal } : {};
    return decodedUnlessMalformed(decoder, octets, options) !== undefined;
  });
  if (taken[0] === taken[1]) return;
  const [takes, refuses] = taken[0] ? [ours, theirs] : [theirs, ours];
  throw new InvariantError("agree", `${takes.name} takes ${shown(octets)}, ${refuses.name} refuses it`);
}

function decodeOrSay<T>(invariant: string, codec: Decoder<T>, octets: Uint8Array): T {
  try {
    return codec.decode(octets);
  } catch (error) {
    throw new InvariantError(invariant, `${codec.name} does not take ${shown(octets)}: ${String(error)}`, {
      cause: error,
    });
  }
}

function shown(octets: Uint8Array): string {
  return octets.length === 0 ? "no octets" : toHex(octets, " ");
}
