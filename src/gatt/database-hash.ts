import type { Attribute } from "../att/attribute-table.ts";
import { aesCmac } from "../common/aes.ts";
import { concat, noOctets } from "../common/bytes.ts";
import { GattType } from "./declaration.ts";

const zeroKey = new Uint8Array(16);

/** Types whose values count as well. Vol 3, Part G, 7.3.1. */
const withValue: ReadonlySet<string> = new Set(
  [
    GattType.PrimaryService,
    GattType.SecondaryService,
    GattType.Include,
    GattType.Characteristic,
    GattType.CharacteristicExtendedProperties,
  ].map(({ key }) => key),
);

/** Types that count without their values, which clients may write. Vol 3, Part G, 7.3.1. */
const withoutValue: ReadonlySet<string> = new Set(
  [
    GattType.CharacteristicUserDescription,
    GattType.ClientCharacteristicConfiguration,
    GattType.ServerCharacteristicConfiguration,
    GattType.CharacteristicPresentationFormat,
    GattType.CharacteristicAggregateFormat,
  ].map(({ key }) => key),
);

/** What counts of an attribute. */
export type HashedAttribute = Pick<Attribute<never>, "handle" | "type" | "constant">;

/**
 * The Database Hash of attributes, as it goes over the air: little-endian, like every number of GATT. Vol 3, Part G,
 * 7.3.1.
 *
 * @param attributes - In the order of their handles.
 */
export function databaseHash(attributes: Iterable<HashedAttribute>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { handle, type, constant } of attributes) {
    const counts = withValue.has(type.key);
    if (!counts && !withoutValue.has(type.key)) continue;
    parts.push(Uint8Array.of(handle, handle >> 8), type.octets, counts ? (constant ?? noOctets) : noOctets);
  }
  return aesCmac(zeroKey, concat(...parts)).reverse();
}
