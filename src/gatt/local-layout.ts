import { mostHandle } from "../att/attribute-table.ts";
import { GattType } from "./declaration.ts";
import type {
  CharacteristicDefinition,
  CharacteristicDefinitions,
  CharacteristicOptions,
  DescriptorDefinition,
  ServiceDefinition,
} from "./service-builder.ts";

/** A characteristic and the handles of its attributes. */
export interface PlacedCharacteristic {
  readonly name: string;
  readonly definition: CharacteristicDefinition;
  /** Of the declaration; the value has the next. */
  readonly handle: number;
  readonly configuration: number | undefined;
  readonly extendedProperties: number | undefined;
  readonly descriptors: readonly { readonly handle: number; readonly definition: DescriptorDefinition }[];
  /** The last of them. */
  readonly end: number;
}

/** A service and the handles of its attributes. */
export interface PlacedService {
  readonly start: number;
  readonly end: number;
  /** Of the include declarations, in the order of the definition. */
  readonly includes: readonly number[];
  readonly characteristics: readonly PlacedCharacteristic[];
}

/** Gives handles one after the other, or those a definition asks for. */
class Handles {
  #next: number;

  /** @throws {@link RangeError} It is no attribute handle. */
  constructor(start: number) {
    if (!Number.isInteger(start) || start < 1 || start > mostHandle)
      throw new RangeError(`handle: ${start} is none of 1 to ${mostHandle}`);
    this.#next = start;
  }

  get last(): number {
    return this.#next - 1;
  }

  /** @throws {@link RangeError} The handle asked for is not behind those before it, or there is none left. */
  take(wanted?: number): number {
    const handle = wanted ?? this.#next;
    if (!Number.isInteger(handle) || handle < this.#next || handle > mostHandle) {
      const what =
        wanted === undefined ? "no attribute handles are left" : `handle: ${wanted} is not free here`;
      throw new RangeError(`${what} (${this.#next} to ${mostHandle} are)`);
    }
    this.#next = handle + 1;
    return handle;
  }
}

/**
 * Finds a handle for every attribute of a service that begins at `start`. Vol 3, Part G, 3: the declaration, what it
 * includes, then each characteristic with its value and descriptors.
 *
 * @throws {@link RangeError} No handles are left for it, or it asks for some it cannot have.
 */
export function layOut(
  definition: ServiceDefinition<CharacteristicDefinitions>,
  start: number,
): PlacedService {
  const handles = new Handles(start);
  handles.take();
  const { includes = [], endHandle } = definition.options;
  const placedIncludes = includes.map(() => handles.take());
  const entries = Object.entries<CharacteristicDefinition>(definition.characteristics);
  const characteristics = entries.map(([name, each]) => layOutCharacteristic(name, each, handles));
  const end = endHandle ?? handles.last;
  if (!Number.isInteger(end) || end < handles.last || end > mostHandle) {
    throw new RangeError(`endHandle: ${handles.last} to ${mostHandle}, not ${end}`);
  }
  return { start, end, includes: placedIncludes, characteristics };
}

function layOutCharacteristic(
  name: string,
  definition: CharacteristicDefinition,
  handles: Handles,
): PlacedCharacteristic {
  const { options } = definition;
  const handle = handles.take(options.handle);
  handles.take();
  const configuration = options.notify || options.indicate ? handles.take() : undefined;
  const extendedProperties = extendedPropertiesOf(options) === 0 ? undefined : handles.take();
  const descriptors = (options.descriptors ?? []).map((each) => ({
    handle: handles.take(each.options.handle),
    definition: each,
  }));
  return { name, definition, handle, configuration, extendedProperties, descriptors, end: handles.last };
}

/** Bits of Characteristic Extended Properties. Vol 3, Part G, 3.3.3.1. */
const ExtendedProperty = { ReliableWrite: 0x0001, WritableAuxiliaries: 0x0002 } as const;

/** What the Extended Properties of a characteristic say; where it is 0 it has none. Vol 3, Part G, 3.3.3.1. */
export function extendedPropertiesOf({ reliableWrite, descriptors = [] }: CharacteristicOptions): number {
  const writable = descriptors.some(
    ({ uuid, options: { write, onWrite } }) =>
      uuid.equals(GattType.CharacteristicUserDescription) && (write ?? onWrite !== undefined),
  );
  return (
    (reliableWrite ? ExtendedProperty.ReliableWrite : 0) |
    (writable ? ExtendedProperty.WritableAuxiliaries : 0)
  );
}
