import { Address } from "../common/address.ts";
import { Uuid, type UuidLike, uuidsFrom } from "../common/uuid.ts";
import type { Found } from "./found.ts";

/** Octets to look for in data: where `mask` has a 1 the bits must be equal; without a mask all of them. */
export interface DataPattern {
  /** What the data begins with; left out, any will do. */
  readonly data?: Uint8Array;
  /** As long as `data`. */
  readonly mask?: Uint8Array;
}

/** Service data of one service. Supplement, Part A, 1.11. */
export interface ServiceDataPattern extends DataPattern {
  readonly uuid: UuidLike;
}

/** Manufacturer specific data of one company. Supplement, Part A, 1.4. */
export interface ManufacturerDataPattern extends DataPattern {
  /** The company identifier, 0x0000 to 0xFFFF. Assigned Numbers, 7.1. */
  readonly companyId: number;
}

/** Which devices a scan is about; all conditions given must hold. */
export interface ScanFilter {
  /** At least one of these services is advertised. */
  readonly services?: readonly UuidLike[];
  /** The name is exactly this. */
  readonly name?: string;
  /** The name begins with this. */
  readonly namePrefix?: string;
  /** It has service data that looks like one of these. */
  readonly serviceData?: readonly ServiceDataPattern[];
  /** It has manufacturer specific data that looks like one of these. */
  readonly manufacturerData?: readonly ManufacturerDataPattern[];
  /** The address, or the identity of a bonded peer, is one of these; text as `Address.parse` takes it. */
  readonly addresses?: readonly (Address | string)[];
  /** Received at least this strong, in dBm. */
  readonly minRssi?: number;
}

type Condition = (found: Found) => boolean;

/**
 * One predicate of all conditions, the cheap ones first.
 *
 * @throws {@link SyntaxError} A UUID or an address is none.
 * @throws {@link RangeError} A mask is not as long as its data, or a company no 16-bit number.
 */
export function compileFilter(filter: ScanFilter): Condition {
  const conditions = [...radioConditions(filter), ...nameConditions(filter), ...dataConditions(filter)];
  return (found) => conditions.every((condition) => condition(found));
}

function radioConditions({ addresses, minRssi }: ScanFilter): Condition[] {
  const conditions: Condition[] = [];
  if (addresses) {
    const wanted = new Set(addresses.map((address) => Address.from(address).toString()));
    conditions.push(
      ({ address, identity }) =>
        wanted.has(address.toString()) || (identity !== undefined && wanted.has(identity.toString())),
    );
  }
  if (minRssi !== undefined) {
    if (typeof minRssi !== "number" || Number.isNaN(minRssi)) {
      throw new RangeError(`minRssi: ${String(minRssi)} is no number of dBm`);
    }
    conditions.push(({ rssi }) => rssi !== undefined && rssi >= minRssi);
  }
  return conditions;
}

function nameConditions({ name, namePrefix }: ScanFilter): Condition[] {
  const conditions: Condition[] = [];
  if (name !== undefined) conditions.push((found) => found.name === name);
  if (namePrefix !== undefined) conditions.push((found) => found.name?.startsWith(namePrefix) ?? false);
  return conditions;
}

function dataConditions({ services, serviceData, manufacturerData }: ScanFilter): Condition[] {
  const conditions: Condition[] = [];
  if (services) {
    const wanted = new Set(uuidsFrom("services", services).map(({ key }) => key));
    conditions.push((found) => found.services.some(({ key }) => wanted.has(key)));
  }
  if (serviceData) {
    const patterns = serviceData.map(({ uuid, ...pattern }) => ({
      key: Uuid.from(uuid).key,
      fits: compilePattern("serviceData", pattern),
    }));
    conditions.push((found) =>
      found.serviceData.some(({ uuid, data }) =>
        patterns.some(({ key, fits }) => key === uuid.key && fits(data)),
      ),
    );
  }
  if (manufacturerData) {
    const patterns = manufacturerData.map(({ companyId, ...pattern }) => ({
      companyId: checkCompany(companyId),
      fits: compilePattern("manufacturerData", pattern),
    }));
    conditions.push((found) =>
      found.manufacturerData.some((own) =>
        patterns.some(({ companyId, fits }) => companyId === own.companyId && fits(own.data)),
      ),
    );
  }
  return conditions;
}

function compilePattern(name: string, { data, mask }: DataPattern): (octets: Uint8Array) => boolean {
  if (!data) {
    if (mask) throw new RangeError(`${name}: a mask without data to compare`);
    return () => true;
  }
  if (mask && mask.length !== data.length) {
    throw new RangeError(`${name}: the mask has ${mask.length} octets, the data ${data.length}`);
  }
  const bits = mask?.slice() ?? new Uint8Array(data.length).fill(0xff);
  const wanted = data.map((octet, at) => octet & (bits[at] ?? 0));
  return (octets) =>
    octets.length >= wanted.length &&
    wanted.every((octet, at) => ((octets[at] ?? 0) & (bits[at] ?? 0)) === octet);
}

function checkCompany(companyId: number): number {
  if (Number.isInteger(companyId) && companyId >= 0 && companyId <= 0xffff) return companyId;
  throw new RangeError(`manufacturerData: companyId ${companyId} is no 16-bit number`);
}
