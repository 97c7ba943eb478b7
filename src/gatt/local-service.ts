import type { Attribute } from "../att/attribute-table.ts";
import type { Turn } from "../common/turn.ts";
import { clientConfiguration } from "./cccd.ts";
import {
  encodeCharacteristicDeclaration,
  encodeIncludeDeclaration,
  GattType,
  type IncludeDeclaration,
  propertiesOf,
  propertyOctet,
} from "./declaration.ts";
import { constantAttribute, subscriptionRules, valueAttribute } from "./local-attribute.ts";
import { LocalCharacteristic } from "./local-characteristic.ts";
import { extendedPropertiesOf, type PlacedCharacteristic, type PlacedService } from "./local-layout.ts";
import { LocalValue, type ValueSetup } from "./local-value.ts";
import { Configuration, type ServedClient } from "./served-client.ts";
import type { ServedClients } from "./served-clients.ts";
import type {
  CharacteristicDefinitions,
  CharacteristicOptions,
  DescriptorDefinition,
  ServiceDefinition,
} from "./service-builder.ts";

/** What the characteristics of a server share. */
export interface ServiceSetup extends ValueSetup {
  readonly turn: Turn;
  readonly clients: ServedClients;
}

/** A service ready to be put into the table. */
export interface BuiltService {
  readonly attributes: readonly Attribute<ServedClient>[];
  /** Under the names of the definition. */
  readonly characteristics: Readonly<Record<string, LocalCharacteristic>>;
}

/**
 * Makes the attributes of a service. Vol 3, Part G, 3.
 *
 * @param includes - What its include declarations say, in their order.
 * @throws {@link TypeError} An aggregate names a format that the service does not have.
 */
export function buildService(
  { uuid, options }: ServiceDefinition<CharacteristicDefinitions>,
  placed: PlacedService,
  includes: readonly IncludeDeclaration[],
  setup: ServiceSetup,
): BuiltService {
  const type = options.secondary ? GattType.SecondaryService : GattType.PrimaryService;
  const attributes = [constantAttribute(placed.start, type, uuid.octets, placed.end)];
  for (const [index, include] of includes.entries()) {
    const handle = placed.includes[index] ?? 0;
    attributes.push(constantAttribute(handle, GattType.Include, encodeIncludeDeclaration(include)));
  }
  const handleOf = handlesOfDescriptors(placed);
  const characteristics: Record<string, LocalCharacteristic> = {};
  for (const each of placed.characteristics) {
    characteristics[each.name] = buildCharacteristic(each, setup, attributes);
    for (const { handle, definition } of each.descriptors) {
      attributes.push(descriptorAttribute(handle, definition, handleOf, setup));
    }
  }
  return { attributes, characteristics };
}

function buildCharacteristic(
  placed: PlacedCharacteristic,
  setup: ServiceSetup,
  attributes: Attribute<ServedClient>[],
): LocalCharacteristic {
  const { handle, configuration, extendedProperties, end } = placed;
  const { uuid, options } = placed.definition;
  const value = new LocalValue(uuid, options, setup);
  const valueHandle = handle + 1;
  const properties = propertiesOf(
    propertyOctet({
      broadcast: options.broadcast ?? false,
      read: value.readable,
      writeWithoutResponse: options.writeWithoutResponse ?? false,
      write: value.writable,
      notify: options.notify ?? false,
      indicate: options.indicate ?? false,
      signedWrite: options.signedWrite ?? false,
      extendedProperties: extendedProperties !== undefined,
    }),
  );
  const declaration = encodeCharacteristicDeclaration({ properties, valueHandle, uuid });
  // A characteristic is a group as a service is: its last descriptor ends it. Vol 3, Part G, 2.5.3.
  attributes.push(
    constantAttribute(handle, GattType.Characteristic, declaration, end),
    valueAttribute(valueHandle, value),
  );
  const offered = configurationBits(options);
  if (configuration !== undefined) {
    attributes.push(clientConfiguration(configuration, valueHandle, offered, subscriptionRules(value)));
  }
  if (extendedProperties !== undefined) {
    const bits = extendedPropertiesOf(options);
    attributes.push(
      constantAttribute(
        extendedProperties,
        GattType.CharacteristicExtendedProperties,
        Uint8Array.of(bits, bits >> 8),
      ),
    );
  }
  const { clients, turn } = setup;
  const descriptors = placed.descriptors.map(({ handle, definition }) => ({ uuid: definition.uuid, handle }));
  return new LocalCharacteristic({ handle: valueHandle, value, descriptors, offered, clients, turn });
}

function configurationBits({ notify, indicate }: CharacteristicOptions): number {
  return (notify ? Configuration.Notification : 0) | (indicate ? Configuration.Indication : 0);
}

function descriptorAttribute(
  handle: number,
  definition: DescriptorDefinition,
  handleOf: ReadonlyMap<DescriptorDefinition, number>,
  setup: ServiceSetup,
): Attribute<ServedClient> {
  const { uuid, options, formats } = definition;
  const value = new LocalValue(uuid, options, setup, "descriptor");
  if (formats) value.set(aggregateOf(formats, handleOf));
  // Its value counts in the Database Hash where the program has declared it by hand.
  if (uuid.equals(GattType.CharacteristicExtendedProperties))
    return constantAttribute(handle, uuid, value.octets);
  return valueAttribute(handle, value);
}

/** The handles of the formats, in their order. Vol 3, Part G, 3.3.3.6. */
function aggregateOf(
  formats: readonly DescriptorDefinition[],
  handleOf: ReadonlyMap<DescriptorDefinition, number>,
): Uint8Array {
  return Uint8Array.from(
    formats.flatMap((format) => {
      const handle = handleOf.get(format);
      if (handle === undefined)
        throw new TypeError("aggregateFormat: a format is no descriptor of this service");
      return [handle & 0xff, handle >> 8];
    }),
  );
}

function handlesOfDescriptors({ characteristics }: PlacedService): ReadonlyMap<DescriptorDefinition, number> {
  const descriptors = characteristics.flatMap((each) => each.descriptors);
  return new Map(descriptors.map(({ definition, handle }) => [definition, handle]));
}
