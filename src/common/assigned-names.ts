import {
  characteristics,
  declarations,
  descriptors,
  type NameRows,
  services,
} from "./generated/assigned-names.ts";
import type { Uuid } from "./uuid.ts";

/**
 * The name the Bluetooth SIG gave a service, such as `Heart Rate` for 0x180D. Assigned Numbers, 3.4.
 *
 * @returns `undefined` for a service of a company, or one not assigned when the table was made.
 */
export function serviceName(uuid: Uuid): string | undefined {
  return nameIn(services, uuid);
}

/** The name of a characteristic, such as `Battery Level` for 0x2A19. Assigned Numbers, 3.8. */
export function characteristicName(uuid: Uuid): string | undefined {
  return nameIn(characteristics, uuid);
}

/** The name of a characteristic descriptor, such as `Report Reference` for 0x2908. Assigned Numbers, 3.7. */
export function descriptorName(uuid: Uuid): string | undefined {
  return nameIn(descriptors, uuid);
}

/** The name of an attribute type that declares something: 0x2800 to 0x2803. Assigned Numbers, 3.6. */
export function declarationName(uuid: Uuid): string | undefined {
  return nameIn(declarations, uuid);
}

/** The name of whatever the type of an attribute or a service may be; no number stands for two of them. */
export function assignedName(uuid: Uuid): string | undefined {
  return serviceName(uuid) ?? declarationName(uuid) ?? descriptorName(uuid) ?? characteristicName(uuid);
}

function nameIn(rows: NameRows, { short }: Uuid): string | undefined {
  if (short === undefined || short > 0xffff) return undefined;
  const name = rows[short >> 4]?.split("|")[short & 0xf];
  return name === "" ? undefined : name;
}
