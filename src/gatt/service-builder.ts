import type { Address } from "../common/address.ts";
import { requireOctets } from "../common/bytes.ts";
import { Uuid, type UuidLike } from "../common/uuid.ts";
import { checkCharacteristicOptions, checkDescriptorOptions, checkServiceOptions } from "./call-options.ts";
import type { LocalCharacteristic } from "./local-characteristic.ts";
import { permissionFrom, type Permissions } from "./permissions.ts";
import { TypedLocalCharacteristic } from "./typed-local-characteristic.ts";
import { plainOptions, type TypedCharacteristicOptions } from "./typed-options.ts";
import type { ValueCodec } from "./value-codec.ts";

/** The longest an attribute value can be, in octets. Vol 3, Part F, 3.2.9. */
export const mostValueOctets = 512;

const permissionVerbs = ["read", "write", "notify"] as const;

/**
 * What a handler learns of the client: the very object the program knows as its connection. Where the types are to say
 * so: `host.connections.find((each) => each === connection)`.
 */
export interface GattPeer {
  readonly peerAddress: Address;
  /** The ATT_MTU in force, in octets. */
  readonly mtu: number;
  /** Ends the link; see `Connection`. */
  disconnect(): Promise<void>;
}

/** A client reads. */
export interface ReadEvent {
  readonly connection: GattPeer;
  /** Where the client starts to read. The handler gives the whole value whatever it is. */
  readonly offset: number;
}

/** A client writes. */
export interface WriteEvent {
  readonly connection: GattPeer;
  /**
   * The whole value that it makes of the one kept here, also of prepared writes and of a value of fixed length that is
   * written in part; where values are appended, what is to be appended. *Owned* by the handler.
   */
  readonly value: Uint8Array;
  /** False for a write without response: refusing it then has no effect the client could see. */
  readonly acknowledged: boolean;
}

/** A client wants to do what needs the program's consent. */
export interface AuthorizeEvent {
  readonly connection: GattPeer;
  readonly access: "read" | "write" | "subscribe";
  /** Of the characteristic or descriptor. */
  readonly uuid: Uuid;
}

/** Gives the value. To refuse, throw an {@link AttError}; any other error is told the client as Unlikely Error. */
export type ReadHandler = (event: ReadEvent) => Uint8Array | Promise<Uint8Array>;

/** Takes the value. To refuse, throw an {@link AttError}, as in a {@link ReadHandler}. */
export type WriteHandler = (event: WriteEvent) => void | Promise<void>;

/** Tells whether the client may. A handler that fails counts as no. */
export type AuthorizeHandler = (event: AuthorizeEvent) => boolean | Promise<boolean>;

/** What a value is and who may do what with it, for characteristics and descriptors alike. */
export interface ValueOptions {
  /** Clients may read it. By default they may where there is a `value` or an `onRead`. */
  readonly read?: boolean;
  /** Clients may write it and get an answer. By default they may where there is an `onWrite`. */
  readonly write?: boolean;
  /** The value to begin with, 0 to 512 octets; copied. What clients write replaces it. */
  readonly value?: Uint8Array;
  /** The most octets the value may have, 0 to 512. Default 512. */
  readonly maxLength?: number;
  /** It always has as many octets as `value` has; of a longer one clients may write the beginning. Default false. */
  readonly fixedLength?: boolean;
  /**
   * What clients write is appended to the value, up to `maxLength`; what does not fit is refused. The program takes it
   * out with `take()`. Default false.
   */
  readonly append?: boolean;
  /** What clients must bring. By default nothing. */
  readonly permissions?: Permissions;
  /** Makes the value when it is read, in place of the one kept here. */
  readonly onRead?: ReadHandler;
  /** Called before a written value replaces the one kept here; refusing keeps the old one. */
  readonly onWrite?: WriteHandler;
  /**
   * Asked where `permissions` say `authorized`, once everything else is as it should be. Without it the default agent is
   * asked, with `authorizeService`, once for each link and service; where there is none, nobody may.
   */
  readonly onAuthorize?: AuthorizeHandler;
}

/** The options of a descriptor. */
export interface DescriptorOptions extends ValueOptions {
  /** Clients may write it without getting an answer, which GATT has no procedure for but some clients do. */
  readonly writeWithoutResponse?: boolean;
  /** Its handle, behind those before it; by default the next. */
  readonly handle?: number;
}

/** The options of a characteristic. */
export interface CharacteristicOptions extends ValueOptions {
  /** Clients may write it without getting an answer. */
  readonly writeWithoutResponse?: boolean;
  /**
   * Clients may write it with a signature while the link is not encrypted, and without one when it is. The signature
   * stands for none of `permissions`: what they ask of the link it must have. Vol 3, Part G, 4.9.2.
   */
  readonly signedWrite?: boolean;
  /** Clients may subscribe to notifications. */
  readonly notify?: boolean;
  /** Clients may subscribe to indications, which they confirm. */
  readonly indicate?: boolean;
  /** It may be broadcast in advertising: see `serverConfiguration()`. Vol 3, Part G, 3.3.1.1. */
  readonly broadcast?: boolean;
  /** Says that clients may write it together with others, by prepared writes. Vol 3, Part G, 3.3.3.1. */
  readonly reliableWrite?: boolean;
  /** Besides those that are there by themselves: Client Characteristic Configuration and Extended Properties. */
  readonly descriptors?: readonly DescriptorDefinition[];
  /** The handle of its declaration, behind those before it; the value has the next. */
  readonly handle?: number;
}

/** A descriptor that a service can have; made by {@link descriptor}. */
export interface DescriptorDefinition {
  readonly uuid: Uuid;
  readonly options: DescriptorOptions;
  /** For an aggregate: those whose handles are its value. */
  readonly formats?: readonly DescriptorDefinition[];
}

/** A characteristic that a service can have; made by {@link characteristic}. */
export interface CharacteristicDefinition {
  readonly uuid: Uuid;
  readonly options: CharacteristicOptions;
  /** How the program sees the characteristic once it is offered; by default as it is. */
  readonly view?: (local: LocalCharacteristic) => unknown;
}

/** The characteristics of a service under the names the program gives them. */
export type CharacteristicDefinitions = Readonly<Record<string, CharacteristicDefinition>>;

/** A service by its handles, where it need not be of this program's making. Vol 3, Part G, 3.2. */
export interface IncludedHandles {
  readonly startHandle: number;
  readonly endHandle: number;
  readonly uuid: UuidLike;
}

/** The options of a service. */
export interface ServiceOptions {
  /** Only for other services to include. Default false. Vol 3, Part G, 3.1. */
  readonly secondary?: boolean;
  /** The services that it includes: what `host.gatt.add` gave for them. Vol 3, Part G, 3.2. */
  readonly includes?: readonly (object | IncludedHandles)[];
  /** The handle of its declaration; by default behind all others. For those who must keep handles. */
  readonly handle?: number;
  /** The last handle that is its own, to have room for later versions; by default that of its last attribute. */
  readonly endHandle?: number;
}

/** A service that a server can offer; made by {@link service}. */
export interface ServiceDefinition<C extends CharacteristicDefinitions> {
  readonly uuid: Uuid;
  readonly characteristics: C;
  readonly options: ServiceOptions;
}

/**
 * Defines a service, to be offered with `host.gatt.add`.
 *
 * @param characteristics - In the order of their handles, under names of your choice.
 *
 * @example
 * ```ts
 * const battery = host.gatt.add(service("180f", { level: characteristic("2a19", { value: Uint8Array.of(93) }) }));
 * ```
 */
export function service<C extends CharacteristicDefinitions>(
  uuid: UuidLike,
  characteristics: C,
  options: ServiceOptions = {},
): ServiceDefinition<C> {
  if (Array.isArray(characteristics)) {
    throw new TypeError(
      "service: give the characteristics names, { level: characteristic(...) }, not an array",
    );
  }
  requireObject("the characteristics of a service", characteristics);
  checkServiceOptions(options);
  for (const [name, each] of Object.entries(characteristics)) {
    requireObject(
      `${name}: what characteristic() makes`,
      (each as Partial<CharacteristicDefinition>).options,
    );
  }
  return { uuid: Uuid.from(uuid), characteristics, options };
}

/**
 * Defines a characteristic of a {@link service}, with values in place of octets: see `defineCharacteristic`, which serves
 * clients as well. Vol 3, Part G, 3.3.
 *
 * @param options.codec - Makes octets of values, and values of octets.
 * @throws {@link RangeError} The value is longer than `maxLength`, or an option is out of its range.
 * @throws {@link TypeError} An option is none.
 */
export function characteristic<T>(
  uuid: UuidLike,
  options: TypedCharacteristicOptions<T> & { readonly codec: ValueCodec<T> },
): CharacteristicDefinition & { view(local: LocalCharacteristic): TypedLocalCharacteristic<T> };
/** The same with octets. */
export function characteristic(uuid: UuidLike, options?: CharacteristicOptions): CharacteristicDefinition;
export function characteristic<T>(
  uuid: UuidLike,
  options: CharacteristicOptions | (TypedCharacteristicOptions<T> & { readonly codec: ValueCodec<T> }) = {},
): CharacteristicDefinition {
  requireObject("the options of a characteristic", options);
  if ("codec" in options) {
    const { codec, ...others } = options;
    requireObject("codec", codec);
    return {
      ...characteristic(uuid, plainOptions(codec, others as TypedCharacteristicOptions<T>)),
      view: (local) => new TypedLocalCharacteristic(local, codec),
    };
  }
  checkCharacteristicOptions(options);
  checkValueOptions(options);
  checkDescriptors(options);
  return { uuid: Uuid.from(uuid), options };
}

/**
 * Defines a descriptor of a {@link characteristic}. Vol 3, Part G, 3.3.3.
 *
 * @throws {@link RangeError} The value is longer than `maxLength`, or an option is out of its range.
 * @throws {@link TypeError} An option is none.
 */
export function descriptor(uuid: UuidLike, options: DescriptorOptions = {}): DescriptorDefinition {
  checkDescriptorOptions(options);
  checkValueOptions(options);
  return { uuid: Uuid.from(uuid), options };
}

/** @throws {@link TypeError} For programs that no compiler checks: it is no object. */
function requireObject(what: string, value: unknown): void {
  if (typeof value !== "object" || value === null)
    throw new TypeError(`${what}: ${typeof value} is no object`);
}

function checkValueOptions(options: ValueOptions): void {
  const { maxLength = mostValueOctets, fixedLength = false, append = false, value } = options;
  if (!Number.isInteger(maxLength) || maxLength < 0 || maxLength > mostValueOctets) {
    throw new RangeError(`maxLength: 0 to ${mostValueOctets} octets, not ${maxLength}`);
  }
  checkValue(options, maxLength);
  if (fixedLength && value === undefined)
    throw new TypeError("fixedLength: needs a value, whose length it fixes");
  if (fixedLength && append) throw new TypeError("append: a value of fixed length cannot grow");
  checkPermissions(options);
}

/** @throws {@link TypeError} A permission is none: a slip of the pen must not leave a value open to everyone. */
function checkPermissions({ permissions = {} }: ValueOptions): void {
  requireObject("permissions", permissions);
  for (const verb of Object.keys(permissions)) {
    if (!permissionVerbs.some((known) => known === verb)) {
      throw new TypeError(`permissions: "${verb}" is none of ${permissionVerbs.join(", ")}`);
    }
  }
  for (const verb of permissionVerbs) {
    permissionFrom(`permissions.${verb}`, permissions[verb]);
  }
}

/** @throws {@link TypeError} One of the descriptors is none. */
function checkDescriptors({ descriptors = [] }: CharacteristicOptions): void {
  const list: unknown = descriptors;
  if (!Array.isArray(list)) throw new TypeError("descriptors: give an array of what descriptor() makes");
  for (const each of descriptors as readonly (Partial<DescriptorDefinition> | undefined)[]) {
    requireObject("descriptors: what descriptor() makes", each?.options);
  }
}

/**
 * @throws {@link RangeError} The value is longer than `most` octets.
 * @throws {@link TypeError} It is no Uint8Array.
 */
export function checkValue({ value }: { readonly value?: Uint8Array }, most: number = mostValueOctets): void {
  if (value === undefined) return;
  requireOctets(value);
  if (value.length <= most) return;
  const whose = most === mostValueOctets ? "an attribute value" : "this value";
  throw new RangeError(`${whose} has at most ${most} octets, not ${value.length}`);
}
