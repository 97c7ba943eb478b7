import type { Address } from "../common/address.ts";
import { requireOctets } from "../common/bytes.ts";
import { Uuid, type UuidLike } from "../common/uuid.ts";

/** The longest an attribute value can be, in octets. Vol 3, Part F, 3.2.9. */
export const mostValueOctets = 512;

/** What a handler learns of the client: the very object the program knows as its connection. */
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
  /** *Owned* by the handler. */
  readonly value: Uint8Array;
  /** False for a write without response: refusing it then has no effect the client could see. */
  readonly acknowledged: boolean;
}

/** Gives the value. To refuse, throw an {@link AttError}; any other error is told the client as Unlikely Error. */
export type ReadHandler = (event: ReadEvent) => Uint8Array | Promise<Uint8Array>;

/** Takes the value. To refuse, throw an {@link AttError}, as in a {@link ReadHandler}. */
export type WriteHandler = (event: WriteEvent) => void | Promise<void>;

/** What a value is and who may do what with it, for characteristics and descriptors alike. */
export interface ValueOptions {
  /** Clients may read it. By default they may where there is a `value` or an `onRead`. */
  readonly read?: boolean;
  /** Clients may write it and get an answer. By default they may where there is an `onWrite`. */
  readonly write?: boolean;
  /** The value to begin with, 0 to 512 octets; copied. What clients write replaces it. */
  readonly value?: Uint8Array;
  /** Makes the value when it is read, in place of the one kept here. */
  readonly onRead?: ReadHandler;
  /** Called before a written value replaces the one kept here; refusing keeps the old one. */
  readonly onWrite?: WriteHandler;
}

/** The options of a descriptor. */
export type DescriptorOptions = ValueOptions;

/** The options of a characteristic. */
export interface CharacteristicOptions extends ValueOptions {
  /** Clients may write it without getting an answer. */
  readonly writeWithoutResponse?: boolean;
  /** Clients may subscribe to notifications. */
  readonly notify?: boolean;
  /** Clients may subscribe to indications, which they confirm. */
  readonly indicate?: boolean;
  /** Besides the Client Characteristic Configuration, which is there by itself where clients may subscribe. */
  readonly descriptors?: readonly DescriptorDefinition[];
}

/** A descriptor that a service can have; made by {@link descriptor}. */
export interface DescriptorDefinition {
  readonly uuid: Uuid;
  readonly options: DescriptorOptions;
}

/** A characteristic that a service can have; made by {@link characteristic}. */
export interface CharacteristicDefinition {
  readonly uuid: Uuid;
  readonly options: CharacteristicOptions;
}

/** The characteristics of a service under the names the program gives them. */
export type CharacteristicDefinitions = Readonly<Record<string, CharacteristicDefinition>>;

/** A service that a server can offer; made by {@link service}. */
export interface ServiceDefinition<C extends CharacteristicDefinitions> {
  readonly uuid: Uuid;
  readonly characteristics: C;
}

/**
 * Defines a primary service, to be offered with `host.gatt.add`.
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
): ServiceDefinition<C> {
  requireObject("the characteristics of a service", characteristics);
  for (const [name, each] of Object.entries(characteristics)) {
    requireObject(
      `${name}: what characteristic() makes`,
      (each as Partial<CharacteristicDefinition>).options,
    );
  }
  return { uuid: Uuid.from(uuid), characteristics };
}

/**
 * Defines a characteristic of a {@link service}. Vol 3, Part G, 3.3.
 *
 * @throws {@link RangeError} The value is longer than 512 octets.
 */
export function characteristic(
  uuid: UuidLike,
  options: CharacteristicOptions = {},
): CharacteristicDefinition {
  checkValue(options);
  return { uuid: Uuid.from(uuid), options };
}

/**
 * Defines a descriptor of a {@link characteristic}. Vol 3, Part G, 3.3.3.
 *
 * @throws {@link RangeError} The value is longer than 512 octets.
 */
export function descriptor(uuid: UuidLike, options: DescriptorOptions = {}): DescriptorDefinition {
  checkValue(options);
  return { uuid: Uuid.from(uuid), options };
}

/** @throws {@link TypeError} For programs that no compiler checks: it is no object. */
function requireObject(what: string, value: unknown): void {
  if (typeof value !== "object" || value === null)
    throw new TypeError(`${what}: ${typeof value} is no object`);
}

/**
 * @throws {@link RangeError} The value is longer than 512 octets.
 * @throws {@link TypeError} It is no Uint8Array.
 */
export function checkValue({ value }: { readonly value?: Uint8Array }): void {
  if (value === undefined) return;
  requireOctets(value);
  if (value.length > mostValueOctets) {
    throw new RangeError(`an attribute value has at most ${mostValueOctets} octets, not ${value.length}`);
  }
}
