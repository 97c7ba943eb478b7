import { appearances } from "./generated/appearance-names.ts";
import {
  characteristics,
  declarations,
  descriptors,
  type NameRows,
  services,
} from "./generated/assigned-names.ts";
import { companies } from "./generated/company-names.ts";
import { Uuid, type UuidLike } from "./uuid.ts";

/**
 * The name the Bluetooth SIG gave a service, such as `Heart Rate` for 0x180D. Assigned Numbers, 3.4.
 *
 * @returns `undefined` for a service of a company, or one not assigned when the table was made.
 */
export function serviceName(uuid: UuidLike): string | undefined {
  return nameIn(services, uuid);
}

/** The name of a characteristic, such as `Battery Level` for 0x2A19. Assigned Numbers, 3.8. */
export function characteristicName(uuid: UuidLike): string | undefined {
  return nameIn(characteristics, uuid);
}

/** The name of a characteristic descriptor, such as `Report Reference` for 0x2908. Assigned Numbers, 3.7. */
export function descriptorName(uuid: UuidLike): string | undefined {
  return nameIn(descriptors, uuid);
}

/** The name of an attribute type that declares something: 0x2800 to 0x2803. Assigned Numbers, 3.6. */
export function declarationName(uuid: UuidLike): string | undefined {
  return nameIn(declarations, uuid);
}

/** The name of whatever the type of an attribute or a service may be; no number stands for two of them. */
export function assignedName(uuid: UuidLike): string | undefined {
  return serviceName(uuid) ?? declarationName(uuid) ?? descriptorName(uuid) ?? characteristicName(uuid);
}

/**
 * The name of the company that has an identifier, such as `Nordic Semiconductor ASA` for 0x0059: the first field of
 * Manufacturer Specific Data. Assigned Numbers, 7.1.
 *
 * @returns `undefined` for a number not assigned when the table was made.
 */
export function companyName(identifier: number): string | undefined {
  return nameAt(companies, identifier, "\n");
}

/**
 * What a device is, by its Appearance, such as `Human Interface Device: Keyboard` for 0x03C1. Assigned Numbers, 2.6.
 *
 * @returns The category alone where only that is known, `undefined` where not even that is.
 */
export function appearanceName(appearance: number): string | undefined {
  const categoryBits = ~0x3f;
  return nameAt(appearances, appearance, "\n") ?? nameAt(appearances, appearance & categoryBits, "\n");
}

function nameIn(rows: NameRows, uuid: UuidLike): string | undefined {
  const { short } = Uuid.from(uuid);
  return short === undefined ? undefined : nameAt(rows, short, "|");
}

/** The names of sixteen numbers stand in one row. */
function nameAt(rows: NameRows, number: number, separator: "|" | "\n"): string | undefined {
  if (!Number.isInteger(number) || number < 0 || number > 0xffff) return undefined;
  const name = rows[number >> 4]?.split(separator)[number & 0xf];
  return name === "" ? undefined : name;
}
