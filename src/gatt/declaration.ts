import { concat, u16At } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";
import { Uuid } from "../common/uuid.ts";

/** Attribute types that GATT itself defines. Vol 3, Part G, 3.4. */
export const GattType: Readonly<
  Record<
    | "PrimaryService"
    | "SecondaryService"
    | "Include"
    | "Characteristic"
    | "CharacteristicExtendedProperties"
    | "CharacteristicUserDescription"
    | "ClientCharacteristicConfiguration"
    | "ServerCharacteristicConfiguration"
    | "CharacteristicPresentationFormat"
    | "CharacteristicAggregateFormat",
    Uuid
  >
> = {
  PrimaryService: Uuid.from(0x2800),
  SecondaryService: Uuid.from(0x2801),
  Include: Uuid.from(0x2802),
  Characteristic: Uuid.from(0x2803),
  CharacteristicExtendedProperties: Uuid.from(0x2900),
  CharacteristicUserDescription: Uuid.from(0x2901),
  ClientCharacteristicConfiguration: Uuid.from(0x2902),
  ServerCharacteristicConfiguration: Uuid.from(0x2903),
  CharacteristicPresentationFormat: Uuid.from(0x2904),
  CharacteristicAggregateFormat: Uuid.from(0x2905),
};

/** Characteristic Properties bits. Vol 3, Part G, 3.3.1.1. */
const propertyBits = {
  broadcast: 0x01,
  read: 0x02,
  writeWithoutResponse: 0x04,
  write: 0x08,
  notify: 0x10,
  indicate: 0x20,
  signedWrite: 0x40,
  extendedProperties: 0x80,
} as const;

/** What may be done with a characteristic. Vol 3, Part G, 3.3.1.1. */
export type CharacteristicProperties = Readonly<Record<keyof typeof propertyBits, boolean>>;

const propertyNames = Object.keys(propertyBits) as (keyof typeof propertyBits)[];

/** The properties whose bits are set. */
export function propertiesOf(bits: number): CharacteristicProperties {
  const properties: Partial<Record<keyof typeof propertyBits, boolean>> = {};
  for (const name of propertyNames) properties[name] = (bits & propertyBits[name]) !== 0;
  return properties as CharacteristicProperties;
}

/** The octet that has the bits of those properties set. */
export function propertyOctet(properties: Partial<CharacteristicProperties>): number {
  return propertyNames.reduce((octet, name) => (properties[name] ? octet | propertyBits[name] : octet), 0);
}

/** The names of the properties that hold, in the order of their bits. */
export function propertyList(properties: CharacteristicProperties): readonly string[] {
  return propertyNames.filter((name) => properties[name]);
}

/** The value of a characteristic declaration. Vol 3, Part G, 3.3.1. */
export interface CharacteristicDeclaration {
  readonly properties: CharacteristicProperties;
  readonly valueHandle: number;
  readonly uuid: Uuid;
}

/** @throws {@link MalformedPduError} It is not 5 or 19 octets long. */
export function decodeCharacteristicDeclaration(value: Uint8Array): CharacteristicDeclaration {
  if (value.length !== 5 && value.length !== 19) {
    throw new MalformedPduError("Characteristic declaration", "not 5 or 19 octets", value);
  }
  return {
    properties: propertiesOf(value[0] ?? 0),
    valueHandle: u16At(value, 1),
    uuid: Uuid.fromAir(value.subarray(3)),
  };
}

/** The inverse of {@link decodeCharacteristicDeclaration}; the caller *owns* the octets. */
export function encodeCharacteristicDeclaration(declaration: CharacteristicDeclaration): Uint8Array {
  const { properties, valueHandle, uuid } = declaration;
  return concat(Uint8Array.of(propertyOctet(properties), valueHandle, valueHandle >> 8), uuid.octets);
}

/** The value of an include declaration. Vol 3, Part G, 3.2. */
export interface IncludeDeclaration {
  readonly startHandle: number;
  readonly endHandle: number;
  /** Absent where the service has a 128-bit UUID: it must be looked up at `startHandle`. */
  readonly uuid: Uuid | undefined;
}

/** @throws {@link MalformedPduError} It is not 4 or 6 octets long. */
export function decodeIncludeDeclaration(value: Uint8Array): IncludeDeclaration {
  if (value.length !== 4 && value.length !== 6) {
    throw new MalformedPduError("Include declaration", "not 4 or 6 octets", value);
  }
  const uuid = value.length === 6 ? Uuid.fromAir(value.subarray(4)) : undefined;
  return { startHandle: u16At(value, 0), endHandle: u16At(value, 2), uuid };
}

/** The inverse of {@link decodeIncludeDeclaration}: the UUID is told only where it has 16 bits. Vol 3, Part G, 3.2. */
export function encodeIncludeDeclaration({ startHandle, endHandle, uuid }: IncludeDeclaration): Uint8Array {
  const handles = Uint8Array.of(startHandle, startHandle >> 8, endHandle, endHandle >> 8);
  return uuid?.octets.length === 2 ? concat(handles, uuid.octets) : handles;
}
