import { Address } from "../common/address.ts";
import { type UuidLike, uuidsFrom } from "../common/uuid.ts";
import type { Found } from "./found.ts";

/** Which devices a scan is about; all conditions given must hold. */
export interface ScanFilter {
  /** At least one of these services is advertised. */
  readonly services?: readonly UuidLike[];
  /** The name is exactly this. */
  readonly name?: string;
  /** The address is one of these; text as `Address.parse` takes it. */
  readonly addresses?: readonly (Address | string)[];
  /** Received at least this strong, in dBm. */
  readonly minRssi?: number;
}

/**
 * One predicate of all conditions.
 *
 * @throws {@link SyntaxError} A UUID or an address is none.
 */
export function compileFilter({ services, name, addresses, minRssi }: ScanFilter): (found: Found) => boolean {
  const conditions: ((found: Found) => boolean)[] = [];
  if (addresses) {
    const wanted = new Set(addresses.map((address) => Address.from(address).toString()));
    conditions.push(({ address }) => wanted.has(address.toString()));
  }
  if (minRssi !== undefined) conditions.push(({ rssi }) => rssi !== undefined && rssi >= minRssi);
  if (name !== undefined) conditions.push((found) => found.name === name);
  if (services) {
    const wanted = new Set(uuidsFrom("services", services).map(({ key }) => key));
    conditions.push((found) => found.services.some(({ key }) => wanted.has(key)));
  }
  return (found) => conditions.every((condition) => condition(found));
}
