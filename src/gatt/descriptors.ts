import { Uuid, type UuidLike } from "../common/uuid.ts";
import { requireWhole } from "../common/whole-number.ts";
import { GattType } from "./declaration.ts";
import { descriptor, type DescriptorDefinition, type DescriptorOptions } from "./service-builder.ts";

/**
 * Characteristic User Description: text that tells a person what the value is. Vol 3, Part G, 3.3.3.2.
 *
 * @param options.write - Clients may change it; the characteristic then says so in its Extended Properties.
 */
export function userDescription(text: string, options: DescriptorOptions = {}): DescriptorDefinition {
  return descriptor(GattType.CharacteristicUserDescription, {
    value: new TextEncoder().encode(text),
    ...options,
  });
}

/** How a value is to be understood. Vol 3, Part G, 3.3.3.5. */
export interface PresentationFormat {
  /** The type of the value: Assigned Numbers, 2.4.1, such as 0x04 for an unsigned integer of 8 bits. 0 to 0xFF. */
  readonly format: number;
  /** The value stands for value * 10^exponent, -128 to 127. Default 0. */
  readonly exponent?: number;
  /** A unit, by default unitless (2700). */
  readonly unit?: UuidLike;
  /** Who has assigned `description`: 0x01 for the Bluetooth SIG, 0x00 for nobody. Default 0x01. */
  readonly namespace?: number;
  /** What the name space calls it, such as 0x0001 for "first". Default 0x0000, unknown. */
  readonly description?: number;
}

/**
 * Characteristic Presentation Format. Vol 3, Part G, 3.3.3.5.
 *
 * @throws {@link RangeError} A field is out of its range.
 */
export function presentationFormat(format: PresentationFormat): DescriptorDefinition {
  const { exponent = 0, unit = 0x2700, namespace = 0x01, description = 0x0000 } = format;
  requireWhole("format", format.format, 0, 0xff);
  requireWhole("exponent", exponent, -128, 127);
  requireWhole("namespace", namespace, 0, 0xff);
  requireWhole("description", description, 0, 0xffff);
  const { octets } = Uuid.from(unit);
  if (octets.length !== 2) throw new RangeError(`unit: a UUID of 16 bits, not ${Uuid.from(unit).toString()}`);
  return descriptor(GattType.CharacteristicPresentationFormat, {
    value: Uint8Array.of(format.format, exponent, ...octets, namespace, description, description >> 8),
  });
}

/**
 * Characteristic Aggregate Format: the value is made of several, whose formats are given in its order. Vol 3, Part G,
 * 3.3.3.6.
 *
 * @param formats - Of the same service, wherever in it they are.
 */
export function aggregateFormat(formats: readonly DescriptorDefinition[]): DescriptorDefinition {
  return { ...descriptor(GattType.CharacteristicAggregateFormat, { read: true }), formats: [...formats] };
}

/**
 * Server Characteristic Configuration: whether the value is to be broadcast, the same for all clients. For a
 * characteristic with `broadcast: true`. Vol 3, Part G, 3.3.3.4.
 *
 * @param options.onWrite - Learns what a client has set: two octets, of which bit 0 is to broadcast.
 */
export function serverConfiguration(options: DescriptorOptions = {}): DescriptorDefinition {
  return descriptor(GattType.ServerCharacteristicConfiguration, {
    value: new Uint8Array(2),
    fixedLength: true,
    write: true,
    ...options,
  });
}
