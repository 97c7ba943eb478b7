import type { Requester } from "../att/client-bearer.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import {
  FindByTypeValueRequest,
  FindByTypeValueResponse,
  FindInformationRequest,
  FindInformationResponse,
  ReadByGroupTypeRequest,
  ReadByGroupTypeResponse,
  ReadByTypeRequest,
  ReadByTypeResponse,
} from "../att/pdu.ts";
import type { Codec } from "../common/codec.ts";
import { MalformedPduError } from "../common/errors.ts";
import { type Procedure, wait } from "../common/procedure.ts";
import { Uuid } from "../common/uuid.ts";
import {
  type CharacteristicDeclaration,
  decodeCharacteristicDeclaration,
  decodeIncludeDeclaration,
  GattType,
  type IncludeDeclaration,
} from "./declaration.ts";

/** Handles from `start` to `end`, both included. */
export interface HandleRange {
  readonly start: number;
  readonly end: number;
}

/** Every attribute a server can have. */
export const wholeRange: HandleRange = { start: 0x0001, end: 0xffff };

/** A service declaration as a client finds it. */
export interface FoundService extends HandleRange {
  readonly uuid: Uuid;
  readonly primary: boolean;
}

/** A characteristic declaration as a client finds it. */
export interface FoundCharacteristic extends CharacteristicDeclaration {
  readonly declarationHandle: number;
}

/** An include declaration as a client finds it. */
export interface FoundInclude extends IncludeDeclaration {
  readonly declarationHandle: number;
}

/** A descriptor, or any other attribute, as a client finds it. */
export interface FoundDescriptor {
  readonly handle: number;
  readonly uuid: Uuid;
}

/** How a server says that there is nothing, or nothing more. */
const notFound: readonly ErrorCode[] = [ErrorCode.AttributeNotFound];

/** Servers without secondary services need not know that there is such a group. */
const notFoundOrNoGroup: readonly ErrorCode[] = [...notFound, ErrorCode.UnsupportedGroupType];

/**
 * Services with their UUIDs: Discover All Primary Services, and the same for secondary ones. Vol 3, Part G, 4.4.1.
 *
 * @param last - Where the last of them is declared, if that is known: nothing is asked behind it.
 */
export function discoverServices(
  requester: Requester,
  primary: boolean,
  range: HandleRange = wholeRange,
  last?: number,
): Procedure<FoundService[]> {
  const type = primary ? GattType.PrimaryService : GattType.SecondaryService;
  const search = function* ({ start, end }: HandleRange): Procedure<Found<FoundService>[]> {
    const request = ReadByGroupTypeRequest.encode({ startHandle: start, endHandle: end, type });
    const { entries } = yield* ask(requester, request, ReadByGroupTypeResponse);
    return entries.map(({ handle, groupEndHandle, value }) => ({
      found: { start: handle, end: groupEndHandle, uuid: Uuid.fromAir(value), primary },
      first: handle,
      last: groupEndHandle,
    }));
  };
  return walk(range, search, { last, ends: primary ? notFound : notFoundOrNoGroup });
}

/**
 * Discover Primary Service by Service UUID. Vol 3, Part G, 4.4.2.
 *
 * @param onlyFirst - Ends with the first that is found.
 */
export function discoverServicesByUuid(
  requester: Requester,
  uuid: Uuid,
  onlyFirst: boolean,
): Procedure<FoundService[]> {
  const search = function* ({ start, end }: HandleRange): Procedure<Found<FoundService>[]> {
    const request = FindByTypeValueRequest.encode({
      startHandle: start,
      endHandle: end,
      attributeType: GattType.PrimaryService.short ?? 0,
      value: uuid.octets,
    });
    const { handles } = yield* ask(requester, request, FindByTypeValueResponse);
    return handles.map(({ handle, groupEndHandle }) => ({
      found: { start: handle, end: groupEndHandle, uuid, primary: true },
      first: handle,
      last: groupEndHandle,
    }));
  };
  return walk(wholeRange, search, { most: onlyFirst ? 1 : undefined });
}

/** Find Included Services. Vol 3, Part G, 4.5.1. */
export function discoverIncludes(
  requester: Requester,
  range: HandleRange,
  last?: number,
): Procedure<FoundInclude[]> {
  return declarations(requester, range, GattType.Include, decodeIncludeDeclaration, last);
}

/** Discover All Characteristics of a Service, or of several beside each other. Vol 3, Part G, 4.6.1. */
export function discoverCharacteristics(
  requester: Requester,
  range: HandleRange,
  last?: number,
): Procedure<FoundCharacteristic[]> {
  const decode = (octets: Uint8Array, declarationHandle: number): CharacteristicDeclaration => {
    const declaration = decodeCharacteristicDeclaration(octets);
    // "Shall be immediately after": some leave a gap, but a value in front of it belongs to something else.
    if (declaration.valueHandle > declarationHandle) return declaration;
    const why = `the value's handle ${declaration.valueHandle} is not behind ${declarationHandle}`;
    throw new MalformedPduError("Characteristic declaration", why, octets);
  };
  return declarations(requester, range, GattType.Characteristic, decode, last);
}

/** All attributes of a range with their types, as Discover All Characteristic Descriptors asks. Vol 3, Part G, 4.7.1. */
export function discoverAttributes(requester: Requester, range: HandleRange): Procedure<FoundDescriptor[]> {
  return walk(range, (left) => findInformation(requester, left));
}

/**
 * What is in the gaps that declarations and values leave: Discover All Characteristic Descriptors of several
 * characteristics at once. Vol 3, Part G, 4.7.1.
 *
 * A request goes on to the end of the last gap, so that one response may answer for several; what lies between the
 * gaps is known. That never takes more requests than one gap after the other.
 *
 * @param gaps - In ascending order, none empty.
 */
export function* discoverInGaps(
  requester: Requester,
  gaps: readonly HandleRange[],
): Procedure<FoundDescriptor[]> {
  const all: FoundDescriptor[] = [];
  const end = gaps.reduce((most, gap) => Math.max(most, gap.end), 0);
  let behind = 0;
  for (const gap of gaps) {
    while (behind < gap.end) {
      const range = { start: Math.max(gap.start, behind + 1), end };
      const found = yield* walk(range, (left) => findInformation(requester, left), { rounds: 1 });
      all.push(...found);
      behind = found.at(-1)?.handle ?? end;
    }
  }
  return all;
}

function* findInformation(
  requester: Requester,
  { start, end }: HandleRange,
): Procedure<Found<FoundDescriptor>[]> {
  const request = FindInformationRequest.encode({ startHandle: start, endHandle: end });
  const { entries } = yield* ask(requester, request, FindInformationResponse);
  return entries.map((found) => ({ found, first: found.handle, last: found.handle }));
}

function declarations<T extends object>(
  requester: Requester,
  range: HandleRange,
  type: Uuid,
  decode: (value: Uint8Array, handle: number) => T,
  last: number | undefined,
): Procedure<(T & { readonly declarationHandle: number })[]> {
  const search = function* ({
    start,
    end,
  }: HandleRange): Procedure<Found<T & { readonly declarationHandle: number }>[]> {
    const request = ReadByTypeRequest.encode({ startHandle: start, endHandle: end, type });
    const { entries } = yield* ask(requester, request, ReadByTypeResponse);
    return entries.map(({ handle, value }) => ({
      found: { ...decode(value, handle), declarationHandle: handle },
      first: handle,
      last: handle,
    }));
  };
  return walk(range, search, { last });
}

/** Something found, and the handles it takes. */
export interface Found<T> {
  readonly found: T;
  readonly first: number;
  /** Where the next search goes on behind. */
  readonly last: number;
}

/** When a walk ends before the end of its range. */
export interface WalkOptions {
  /** Nothing begins behind this handle. */
  readonly last?: number | undefined;
  /** How many are wanted. */
  readonly most?: number | undefined;
  /** How many requests may be sent. */
  readonly rounds?: number | undefined;
  /** The errors that say that there is nothing more. */
  readonly ends?: readonly ErrorCode[];
}

/**
 * Repeats a search behind what it found until the server says that there is no more. A server whose answer lies
 * outside the range asked for, or goes back, would keep it going for ever: that is malformed. (So is an answer with
 * nothing in it: the codecs see to that.)
 */
export function* walk<T>(
  range: HandleRange,
  search: (range: HandleRange) => Procedure<Found<T>[]>,
  { last = range.end, most, rounds = Infinity, ends = notFound }: WalkOptions = {},
): Procedure<T[]> {
  const all: T[] = [];
  const end = Math.min(last, range.end);
  let { start } = range;
  for (let round = 0; round < rounds && start <= end; round++) {
    const found = yield* unlessOver(search({ start, end: range.end }), ends);
    if (!found) break;
    for (const one of found) {
      checkForward(one, start, range.end);
      start = one.last + 1;
      all.push(one.found);
      if (all.length === most) return all;
    }
  }
  return all;
}

/** @returns `undefined` when the server says, with one of the errors, that there is nothing more. */
function* unlessOver<T>(search: Procedure<T>, ends: readonly ErrorCode[]): Procedure<T | undefined> {
  try {
    return yield* search;
  } catch (error) {
    if (error instanceof AttError && ends.includes(error.status)) return undefined;
    throw error;
  }
}

/** @throws {@link MalformedPduError} It is not behind what was found before, or not in the range. */
function checkForward({ first, last }: Found<unknown>, start: number, end: number): void {
  if (first >= start && last >= first && first <= end) return;
  throw new MalformedPduError("ATT discovery response", `handles ${first} to ${last} after ${start - 1}`);
}

/** Sends a request and reads its response. */
export function* ask<T>(requester: Requester, request: Uint8Array, response: Codec<T>): Procedure<T> {
  const pdu = yield* wait<Uint8Array>((done) => {
    requester.request(request, undefined, response.opcode, done);
  });
  return response.decode(pdu);
}
