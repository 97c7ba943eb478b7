import type { ClientBearer } from "../att/att.ts";
import type { Procedure } from "../common/procedure.ts";
import type { Uuid } from "../common/uuid.ts";
import {
  discoverCharacteristics,
  discoverDescriptors,
  discoverIncludes,
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

/** Everything a server has. Declarations are asked for once over all handles, not service by service. */
export function* discoverAll(bearer: ClientBearer): Procedure<ServiceData[]> {
  const primary = yield* discoverServices(bearer, true);
  const secondary = yield* discoverServices(bearer, false);
  const services = [...primary, ...secondary].sort((a, b) => a.start - b.start);
  return yield* fillIn(bearer, services, wholeRange);
}

/** The primary services of one UUID with all they have, and nothing else of the server. */
export function* discoverByUuid(bearer: ClientBearer, uuid: Uuid): Procedure<ServiceData[]> {
  const filled: ServiceData[] = [];
  for (const service of yield* discoverServicesByUuid(bearer, uuid)) {
    filled.push(...(yield* fillIn(bearer, [service], service)));
  }
  return filled;
}

function* fillIn(
  bearer: ClientBearer,
  services: FoundService[],
  range: HandleRange,
): Procedure<ServiceData[]> {
  if (services.length === 0) return [];
  const includes = yield* discoverIncludes(bearer, range);
  const characteristics = yield* discoverCharacteristics(bearer, range);
  // One walk over lists in the order of their handles: a server decides how long they are.
  const includesOf = inRanges(includes);
  const characteristicsOf = inRanges(characteristics);
  const filled: ServiceData[] = [];
  for (const service of services) {
    filled.push({
      ...service,
      includes: includesOf(service),
      characteristics: yield* describe(bearer, service, characteristicsOf(service)),
    });
  }
  return filled;
}

/** Takes declarations out of a list range by range, both in ascending order; each is taken once at most. */
function inRanges<T extends { readonly declarationHandle: number }>(
  list: readonly T[],
): (range: HandleRange) => T[] {
  let next = 0;
  return ({ start, end }) => {
    const within: T[] = [];
    for (let found = list[next]; found && found.declarationHandle <= end; found = list[++next]) {
      if (found.declarationHandle >= start) within.push(found);
    }
    return within;
  };
}

/** A characteristic ends where the next begins, the last one with its service. Vol 3, Part G, 3.3. */
function* describe(
  bearer: ClientBearer,
  service: HandleRange,
  characteristics: readonly FoundCharacteristic[],
): Procedure<CharacteristicData[]> {
  const described: CharacteristicData[] = [];
  for (const [index, characteristic] of characteristics.entries()) {
    const end = (characteristics[index + 1]?.declarationHandle ?? service.end + 1) - 1;
    const range = { start: characteristic.valueHandle + 1, end };
    described.push({ ...characteristic, descriptors: yield* discoverDescriptors(bearer, range) });
  }
  return described;
}
