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
  const filled: ServiceData[] = [];
  for (const service of services) {
    const within = ({ declarationHandle: at }: { declarationHandle: number }): boolean =>
      at >= service.start && at <= service.end;
    filled.push({
      ...service,
      includes: includes.filter(within),
      characteristics: yield* describe(bearer, service, characteristics.filter(within)),
    });
  }
  return filled;
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
