import {
  characteristic,
  type CharacteristicDefinition,
  type CharacteristicOptions,
  descriptor,
  type DescriptorDefinition,
  type Permission,
  service,
  type ServiceDefinition,
  type ValueOptions,
} from "../index.ts";
import * as constants from "./constants.ts";
import { nativeUuid, UUID } from "./uuid.ts";

/** A descriptor: its UUID and its flags. */
export type DescriptorTuple = readonly [uuid: UUID, flags: number];

/** A characteristic: its UUID, its flags, and what descriptors it has. */
export type CharacteristicTuple = readonly [
  uuid: UUID,
  flags: number,
  descriptors?: readonly DescriptorTuple[],
];

/** A service: its UUID and its characteristics. */
export type ServiceTuple = readonly [uuid: UUID, characteristics: readonly CharacteristicTuple[]];

/** What serves a value, and decides about it. */
export type ValueHandlers = Required<Pick<ValueOptions, "onRead" | "onWrite" | "onAuthorize">>;

/**
 * A service of the native API that is what a tuple says.
 *
 * @param handlers - Makes those of the next value: a characteristic, then its descriptors.
 * @throws {@link TypeError} It is no such tuple.
 */
export function nativeService(
  tuple: ServiceTuple,
  handlers: () => ValueHandlers,
): ServiceDefinition<Record<string, CharacteristicDefinition>> {
  const [uuid, characteristics] = requireTuple("a service", tuple, 2);
  const entries = requireList("the characteristics of a service", characteristics).map(
    (each, at): readonly [string, CharacteristicDefinition] => [
      `c${at}`,
      nativeCharacteristic(each, handlers),
    ],
  );
  return service(nativeUuid(uuid), Object.fromEntries(entries));
}

function nativeCharacteristic(
  tuple: CharacteristicTuple,
  handlers: () => ValueHandlers,
): CharacteristicDefinition {
  const [uuid, flags, descriptors = []] = requireTuple("a characteristic", tuple, 2);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const options: CharacteristicOptions = {
    ...valueOptions(flags, handlers()),
    broadcast: has(constants._FLAG_BROADCAST),
    notify: has(constants._FLAG_NOTIFY),
    indicate: has(constants._FLAG_INDICATE),
    signedWrite: has(constants._FLAG_AUTHENTICATED_SIGNED_WRITE),
    reliableWrite: has(constants._FLAG_AUX_WRITE),
    descriptors: requireList("descriptors", descriptors).map((each) => nativeDescriptor(each, handlers)),
  };
  return characteristic(nativeUuid(uuid), options);
}

function nativeDescriptor(tuple: DescriptorTuple, handlers: () => ValueHandlers): DescriptorDefinition {
  const [uuid, flags] = requireTuple("a descriptor", tuple, 2);
  return descriptor(nativeUuid(uuid), valueOptions(flags, handlers()));
}

/** What flags say of characteristics and descriptors alike. */
function valueOptions(
  flags: number,
  handlers: ValueHandlers,
): ValueOptions & Pick<CharacteristicOptions, "writeWithoutResponse"> {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const read: Permission = {
    encrypted: has(constants._FLAG_READ_ENCRYPTED),
    authenticated: has(constants._FLAG_READ_AUTHENTICATED),
    authorized: has(constants._FLAG_READ_AUTHORIZED),
  };
  const write: Permission = {
    encrypted: has(constants._FLAG_WRITE_ENCRYPTED),
    authenticated: has(constants._FLAG_WRITE_AUTHENTICATED),
    authorized: has(constants._FLAG_WRITE_AUTHORIZED),
  };
  return {
    read: has(constants._FLAG_READ),
    write: has(constants._FLAG_WRITE),
    writeWithoutResponse: has(constants._FLAG_WRITE_NO_RESPONSE),
    maxLength: mostOctets,
    // To subscribe asks for what reading does, but nobody: there is no event that could be asked.
    permissions: {
      read: present(read),
      write: present(write),
      notify: present({ ...read, authorized: false }),
    },
    ...handlers,
  };
}

/** The most octets that an attribute value can have. */
export const mostOctets = 512;

function present(permission: Permission): Permission {
  return Object.fromEntries(Object.entries(permission).filter(([, asked]) => asked === true));
}

function requireTuple<T extends readonly [UUID, unknown, ...unknown[]]>(
  what: string,
  tuple: T,
  least: number,
): T {
  const list: unknown = tuple;
  if (!Array.isArray(list) || list.length < least)
    throw new TypeError(`${what} is a list of ${least} at least: its UUID first`);
  if (!(list[0] instanceof UUID)) throw new TypeError(`${what} begins with a UUID`);
  return tuple;
}

function requireList<T>(what: string, list: readonly T[]): readonly T[] {
  const isList: boolean = Array.isArray(list);
  if (isList) return list;
  throw new TypeError(`${what}: give a list`);
}
