import type { ClientBearer } from "../att/att.ts";
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
 * All services with their UUIDs: Discover All Primary Services, and the same for secondary ones.
 * Vol 3, Part G, 4.4.1.
 */
export function discoverServices(bearer: ClientBearer, primary: boolean): Procedure<FoundService[]> {
  const type = primary ? GattType.PrimaryService : GattType.SecondaryService;
  const search = function* ({ start, end }: HandleRange): Procedure<Found<FoundService>[]> {
    const request = ReadByGroupTypeRequest.encode({ startHandle: start, endHandle: end, type });
    const { entries } = yield* ask(bearer, request, ReadByGroupTypeResponse);
    return entries.map(({ handle, groupEndHandle, value }) => ({
      found: { start: handle, end: groupEndHandle, uuid: Uuid.fromAir(value), primary },
      first: handle,
      last: groupEndHandle,
    }));
  };
  return walk(wholeRange, search, primary ? notFound : notFoundOrNoGroup);
}

/** Discover Primary Service by Service UUID. Vol 3, Part G, 4.4.2. */
export function discoverServicesByUuid(bearer: ClientBearer, uuid: Uuid): Procedure<FoundService[]> {
  return walk(wholeRange, function* ({ start, end }) {
    const request = FindByTypeValueRequest.encode({
      startHandle: start,
      endHandle: end,
      attributeType: GattType.PrimaryService.short ?? 0,
      value: uuid.octets,
    });
    const { handles } = yield* ask(bearer, request, FindByTypeValueResponse);
    return handles.map(({ handle, groupEndHandle }) => ({
      found: { start: handle, end: groupEndHandle, uuid, primary: true },
      first: handle,
      last: groupEndHandle,
    }));
  });
}

/** Find Included Services. Vol 3, Part G, 4.5.1. */
export function discoverIncludes(bearer: ClientBearer, range: HandleRange): Procedure<FoundInclude[]> {
  return declarations(bearer, range, GattType.Include, decodeIncludeDeclaration);
}

/** Discover All Characteristics of a Service, or of several beside each other. Vol 3, Part G, 4.6.1. */
export function discoverCharacteristics(
  bearer: ClientBearer,
  range: HandleRange,
): Procedure<FoundCharacteristic[]> {
  return declarations(bearer, range, GattType.Characteristic, (octets, declarationHandle) => {
    const declaration = decodeCharacteristicDeclaration(octets);
    // "Shall be immediately after": some leave a gap, but a value in front of it belongs to something else.
    if (declaration.valueHandle > declarationHandle) return declaration;
    const why = `the value's handle ${declaration.valueHandle} is not behind ${declarationHandle}`;
    throw new MalformedPduError("Characteristic declaration", why, octets);
  });
}

/** Discover All Characteristic Descriptors. Vol 3, Part G, 4.7.1. */
export function discoverDescriptors(bearer: ClientBearer, range: HandleRange): Procedure<FoundDescriptor[]> {
  return walk(range, function* ({ start, end }) {
    const request = FindInformationRequest.encode({ startHandle: start, endHandle: end });
    const { entries } = yield* ask(bearer, request, FindInformationResponse);
    return entries.map((found) => ({ found, first: found.handle, last: found.handle }));
  });
}

function declarations<T extends object>(
  bearer: ClientBearer,
  range: HandleRange,
  type: Uuid,
  decode: (value: Uint8Array, handle: number) => T,
): Procedure<(T & { readonly declarationHandle: number })[]> {
  return walk(range, function* ({ start, end }) {
    const request = ReadByTypeRequest.encode({ startHandle: start, endHandle: end, type });
    const { entries } = yield* ask(bearer, request, ReadByTypeResponse);
    return entries.map(({ handle, value }) => ({
      found: { ...decode(value, handle), declarationHandle: handle },
      first: handle,
      last: handle,
    }));
  });
}

interface Found<T> {
  readonly found: T;
  readonly first: number;
  /** Where the next search goes on behind. */
  readonly last: number;
}

/**
 * Repeats a search behind what it found until the server says that there is no more. A server whose answer lies
 * outside the range asked for, or goes back, would keep it going for ever: that is malformed. (So is an answer with
 * nothing in it: the codecs see to that.)
 */
function* walk<T>(
  range: HandleRange,
  search: (range: HandleRange) => Procedure<Found<T>[]>,
  ends: readonly ErrorCode[] = notFound,
): Procedure<T[]> {
  const all: T[] = [];
  let { start } = range;
  while (start <= range.end) {
    let found: Found<T>[];
    try {
      found = yield* search({ start, end: range.end });
    } catch (error) {
      if (error instanceof AttError && ends.includes(error.status)) break;
      throw error;
    }
    for (const { found: one, first, last } of found) {
      if (first < start || last < first || first > range.end) {
        throw new MalformedPduError(
          "ATT discovery response",
          `handles ${first} to ${last} after ${start - 1}`,
        );
      }
      start = last + 1;
      all.push(one);
    }
  }
  return all;
}

function* ask<T>(bearer: ClientBearer, request: Uint8Array, response: Codec<T>): Procedure<T> {
  const pdu = yield* wait<Uint8Array>((done) => {
    bearer.request(request, undefined, response.opcode, done);
  });
  return response.decode(pdu);
}
