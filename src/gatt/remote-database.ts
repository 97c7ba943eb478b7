import type { Requester } from "../att/client-bearer.ts";
import type { Procedure } from "../common/procedure.ts";
import type { Uuid } from "../common/uuid.ts";
import { GattType } from "./declaration.ts";
import {
  discoverAttributes,
  discoverCharacteristics,
  discoverIncludes,
  discoverInGaps,
  discoverServices,
  discoverServicesByUuid,
  type FoundCharacteristic,
  type FoundDescriptor,
  type FoundInclude,
  type FoundService,
  type HandleRange,
  wholeRange,
} from "./discovery.ts";

/** A characteristic with what belongs to it, as discovered. */
export interface CharacteristicData extends FoundCharacteristic {
  readonly descriptors: readonly FoundDescriptor[];
}

/** A service with what belongs to it, as discovered. */
export interface ServiceData extends FoundService {
  readonly includes: readonly FoundInclude[];
  readonly characteristics: readonly CharacteristicData[];
}

/** The types of the attributes in a range, where they were asked for; `undefined` where they were not. */
type AttributeMap = readonly FoundDescriptor[] | undefined;

/**
 * From this ATT_MTU on the types of all attributes are asked for first: one response has 15 or more of them, and
 * every other search then knows where to begin and to end. Below it that costs more requests than it saves.
 */
const wideMtu = 64;

const declarationTypes: ReadonlySet<string> = new Set(
  [GattType.PrimaryService, GattType.SecondaryService, GattType.Include, GattType.Characteristic].map(
    ({ key }) => key,
  ),
);

/** Everything a server has. Declarations are asked for once over all handles, not service by service. */
export function* discoverAll(requester: Requester): Procedure<ServiceData[]> {
  const map = yield* attributesOf(requester, wholeRange);
  const primary = yield* discoverServices(requester, true, wholeRange, lastOf(map, GattType.PrimaryService));
  if (primary.length === 0) return [];
  const includes = yield* discoverIncludes(requester, wholeRange, lastOf(map, GattType.Include));
  // Secondary services are there to be included. Vol 3, Part G, 3.1.
  const starts = new Set(primary.map(({ start }) => start));
  const others = includes.some(({ startHandle }) => !starts.has(startHandle));
  const last = map || others ? lastOf(map, GattType.SecondaryService) : 0;
  const secondary = yield* discoverServices(requester, false, wholeRange, last);
  const services = [...primary, ...secondary].sort((a, b) => a.start - b.start);
  return yield* fillIn(requester, services, includes, wholeRange, map);
}

/** The services that begin within a range, with all they have. */
export function* discoverRange(requester: Requester, range: HandleRange): Procedure<ServiceData[]> {
  const primary = yield* discoverServices(requester, true, range);
  const secondary = yield* discoverServices(requester, false, range);
  const services = [...primary, ...secondary].sort((a, b) => a.start - b.start);
  const [first] = services;
  if (!first) return [];
  const end = services.reduce((most, service) => Math.max(most, service.end), 0);
  return yield* contentsOf(requester, services, { start: first.start, end });
}

/**
 * Primary services of one UUID with all they have and include, and nothing else of the server.
 *
 * @param onlyFirst - The first of them suffices.
 */
export function* discoverByUuid(
  requester: Requester,
  uuid: Uuid,
  onlyFirst: boolean,
): Procedure<ServiceData[]> {
  const waiting = yield* discoverServicesByUuid(requester, uuid, onlyFirst);
  const met = new Set(waiting.map(({ start }) => start));
  const filled: ServiceData[] = [];
  for (let service = waiting.shift(); service; service = waiting.shift()) {
    const [data] = yield* contentsOf(requester, [service], service);
    if (data) filled.push(data);
    for (const { startHandle } of data?.includes ?? []) {
      if (met.has(startHandle)) continue;
      met.add(startHandle);
      const included = yield* serviceAt(requester, startHandle);
      if (included) waiting.push(included);
    }
  }
  return filled;
}

/** The service whose declaration has that handle, of either kind. */
function* serviceAt(requester: Requester, handle: number): Procedure<FoundService | undefined> {
  if (handle === 0) return undefined;
  const range = { start: handle, end: handle };
  const [primary] = yield* discoverServices(requester, true, range);
  return primary ?? (yield* discoverServices(requester, false, range))[0];
}

function* attributesOf(requester: Requester, range: HandleRange): Procedure<AttributeMap> {
  return requester.mtu >= wideMtu ? yield* discoverAttributes(requester, range) : undefined;
}

/** The handle of the last attribute of a type: 0 where there is none, `undefined` where nothing is known. */
function lastOf(map: AttributeMap, type: Uuid): number | undefined {
  return map && (map.findLast(({ uuid }) => uuid.equals(type))?.handle ?? 0);
}

function* contentsOf(
  requester: Requester,
  services: readonly FoundService[],
  { start, end }: HandleRange,
): Procedure<ServiceData[]> {
  const range = { start: start + 1, end }; // the first is the declaration of a service
  const map = yield* attributesOf(requester, range);
  const includes = yield* discoverIncludes(requester, range, lastOf(map, GattType.Include));
  return yield* fillIn(requester, services, includes, range, map);
}

function* fillIn(
  requester: Requester,
  services: readonly FoundService[],
  includes: readonly FoundInclude[],
  range: HandleRange,
  map: AttributeMap,
): Procedure<ServiceData[]> {
  const last = lastOf(map, GattType.Characteristic);
  const characteristics = yield* discoverCharacteristics(requester, range, last);
  // One walk over lists in the order of their handles: a server decides how long they are.
  const includesOf = inRanges(includes, ({ declarationHandle }) => declarationHandle);
  const characteristicsOf = inRanges(characteristics, ({ declarationHandle }) => declarationHandle);
  const bare = services.map((service) => ({
    service,
    includes: includesOf(service),
    characteristics: characteristicsOf(service).map((found, index, all) => ({
      found,
      // A characteristic ends where the next begins, the last one with its service. Vol 3, Part G, 3.3.
      rest: {
        start: found.valueHandle + 1,
        end: (all[index + 1]?.declarationHandle ?? service.end + 1) - 1,
      },
    })),
  }));
  const gaps = bare.flatMap((each) => each.characteristics.map(({ rest }) => rest)).filter(holdsAny);
  const attributes = map ?? (yield* discoverInGaps(requester, gaps));
  const descriptors = attributes.filter(({ uuid }) => !declarationTypes.has(uuid.key));
  const descriptorsOf = inRanges(descriptors, ({ handle }) => handle);
  return bare.map(({ service, ...has }) => ({
    ...service,
    includes: has.includes,
    characteristics: has.characteristics.map(({ found, rest }) => ({
      ...found,
      descriptors: descriptorsOf(rest),
    })),
  }));
}

function holdsAny({ start, end }: HandleRange): boolean {
  return start <= end;
}

/** Takes things out of a list range by range, both in ascending order; each is taken once at most. */
function inRanges<T>(list: readonly T[], handleOf: (one: T) => number): (range: HandleRange) => T[] {
  let next = 0;
  return ({ start, end }) => {
    const within: T[] = [];
    for (let one = list[next]; one !== undefined && handleOf(one) <= end; one = list[++next]) {
      if (handleOf(one) >= start) within.push(one);
    }
    return within;
  };
}
