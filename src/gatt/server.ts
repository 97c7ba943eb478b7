import { shownAsText } from "../common/inspect.ts";
import { AttributeTable, mostHandle } from "../att/attribute-table.ts";
import { toHex } from "../common/bytes.ts";
import type { Turn } from "../common/turn.ts";
import { Uuid } from "../common/uuid.ts";
import { databaseHash } from "./database-hash.ts";
import type { IncludeDeclaration } from "./declaration.ts";
import type { LocalCharacteristic, NotifyOptions } from "./local-characteristic.ts";
import { layOut, type PlacedService } from "./local-layout.ts";
import { buildService } from "./local-service.ts";
import type { HandlerFailed } from "./local-value.ts";
import { type CharacteristicValue, notifyMultiple } from "./notify-multiple.ts";
import { ServedClients } from "./served-clients.ts";
import { type ClientServer, ServedClient, type ServeOptions } from "./served-client.ts";
import type {
  CharacteristicDefinitions,
  GattPeer,
  IncludedHandles,
  ServiceDefinition,
} from "./service-builder.ts";

type ViewOf<D> = D extends { view(local: LocalCharacteristic): infer View } ? View : LocalCharacteristic;

/** The characteristics of an offered service, under the names its definition gives them. */
export type LocalService<C extends CharacteristicDefinitions> = {
  readonly [K in keyof C]: ViewOf<NonNullable<C[K]>>;
};

interface OfferedService {
  readonly uuid: Uuid;
  readonly start: number;
  readonly end: number;
  /** Where the services that it includes begin. */
  readonly includes: readonly number[];
  readonly characteristics: readonly LocalCharacteristic[];
}

/** The local GATT server: what this host offers to all its peers. Vol 3, Part G, 2.5. */
export class GattServer {
  static {
    shownAsText(GattServer.prototype);
  }

  /** @internal For the bearers. */
  readonly table: AttributeTable<ServedClient> = new AttributeTable();
  /** @internal Told of a client that comes back and does not know what has changed meanwhile. */
  onReturned: ((client: ServedClient) => void) | undefined;
  /** @internal Asked whether a client may use a service, where the program has no `onAuthorize`. */
  authorizeService: ((connection: GattPeer, service: Uuid) => Promise<boolean>) | undefined;
  /** @internal Told of a handler of the program that fails in a way it did not mean to. */
  readonly handlerFailed: HandlerFailed;
  readonly #clients = new ServedClients();
  readonly #turn: Turn;
  readonly #onChanged: (startHandle: number, endHandle: number) => void;
  /** By what {@link add} gave for them. */
  readonly #services = new Map<object, OfferedService>();
  readonly #removed = new WeakSet<object>();
  /** By the handle of the value. */
  readonly #characteristics = new Map<number, LocalCharacteristic>();
  #hash: Uint8Array | undefined;
  /** The lowest handle behind all that services have had. */
  #behind = 0x0001;
  readonly #forClients: ClientServer;

  /**
   * @param handlerFailed - Told when a program's handler fails in a way it did not mean to.
   * @param onChanged - Told of the handles of a service that was added or removed.
   */
  constructor(
    turn: Turn,
    handlerFailed: HandlerFailed,
    onChanged: (startHandle: number, endHandle: number) => void,
  ) {
    this.#turn = turn;
    this.handlerFailed = handlerFailed;
    this.#onChanged = onChanged;
    this.#forClients = {
      databaseHash: () => toHex(this.hash),
      configurable: (valueHandle) => {
        const found = this.#characteristics.get(valueHandle);
        return found && { uuid: found.uuid.toString(), allowed: found.offered };
      },
      configured: (client, valueHandle, bits) => {
        this.#characteristics.get(valueHandle)?.configured(client.connection, bits);
      },
      arrived: (client) => {
        if (!client.gate.aware) this.onReturned?.(client);
      },
    };
  }

  toString(): string {
    const services = [...this.#services.values()].map(({ uuid }) => uuid.toString());
    return `offering ${services.join(", ") || "nothing"} to ${this.#clients.all.length} connected`;
  }

  /**
   * Offers a service from now on, behind all others where it does not ask for a handle. Clients that know the services
   * as they were are told (Vol 3, Part G, 2.5.2).
   *
   * @returns Its characteristics, to set and notify their values.
   * @throws {@link RangeError} No handles are left for it, or not those it asks for; nothing was added.
   * @throws {@link TypeError} It is not what `service()` makes, or includes something that is no service of this host.
   */
  add<C extends CharacteristicDefinitions>(definition: ServiceDefinition<C>): LocalService<C> {
    checkDefinition(definition);
    const placed = this.#place(definition);
    const includes = (definition.options.includes ?? []).map((each) => this.#include(each));
    const { attributes, characteristics } = buildService(definition, placed, includes, {
      turn: this.#turn,
      handlerFailed: this.handlerFailed,
      clients: this.#clients,
      authorizeService: async (connection) =>
        (await this.authorizeService?.(connection, definition.uuid)) ?? false,
    });
    const service: Record<string, unknown> = {};
    for (const [name, local] of Object.entries(characteristics)) {
      service[name] = definition.characteristics[name]?.view?.(local) ?? local;
    }
    for (const attribute of attributes) this.table.add(attribute);
    const offered = Object.values(characteristics);
    for (const each of offered) this.#characteristics.set(each.handle, each);
    this.#services.set(service, {
      uuid: definition.uuid,
      start: placed.start,
      end: placed.end,
      includes: includes.map(({ startHandle }) => startHandle),
      characteristics: offered,
    });
    this.#behind = Math.max(this.#behind, placed.end + 1);
    this.#changed(placed.start, placed.end);
    return service as LocalService<C>;
  }

  /**
   * Offers a service no more. Who has subscribed to one of its characteristics is told nothing but that the services
   * have changed. Does nothing when it has been removed already.
   *
   * @param service - What {@link add} gave for it.
   * @throws {@link RangeError} Another service includes it: remove that first.
   * @throws {@link TypeError} It is no service of this host.
   */
  remove(service: object): void {
    const offered = this.#services.get(service);
    if (!offered) {
      if (this.#removed.has(service)) return;
      throw new TypeError("remove: give what add() gave for the service");
    }
    const { start, end } = offered;
    for (const { uuid, includes } of this.#services.values()) {
      if (includes.includes(start)) throw new RangeError(`service ${uuid.toString()} includes it`);
    }
    this.#removed.add(service);
    this.#services.delete(service);
    this.table.remove(start, end);
    for (const each of offered.characteristics) {
      this.#characteristics.delete(each.handle);
      each.remove();
    }
    for (const client of this.#clients.all) client.forget(start, end);
    this.#changed(start, end);
  }

  /**
   * Notifies of several values at once. A client that can take them together gets them in one PDU, if they fit; any
   * other gets a notification for each. Vol 3, Part G, 4.10.2.
   *
   * @param values - The characteristics, all defined with `notify: true`, and their values of 0 to 512 octets, not to be
   *   changed until the promise settles. A client gets those that it has subscribed to.
   * @param options.signal - Aborting keeps what still waits for room from being sent.
   * @returns How many clients they were queued for.
   * @throws {@link BackPressureError} 1024 values wait for one of the clients already.
   */
  notifyMultiple(values: readonly CharacteristicValue[], options: NotifyOptions = {}): Promise<number> {
    return notifyMultiple(this.#clients.meant(options.to), values, options);
  }

  /** @internal Begins to serve a client; {@link leave} ends it. */
  serve(connection: GattPeer, options?: ServeOptions): ServedClient {
    const client = new ServedClient(connection, this.#forClients, options);
    this.#clients.add(client);
    return client;
  }

  /** @internal Ends what {@link serve} began. */
  leave(client: ServedClient): void {
    client.detach();
    this.#clients.remove(client);
  }

  /** @internal Those served now. */
  get clients(): readonly ServedClient[] {
    return this.#clients.all;
  }

  /** @internal The client at the other end of that connection. */
  clientOf(connection: GattPeer): ServedClient | undefined {
    return this.#clients.meant(connection)[0];
  }

  /** @internal As it goes over the air; *borrowed*. */
  get hash(): Uint8Array {
    return (this.#hash ??= databaseHash(this.table.between(0x0001, mostHandle)));
  }

  #changed(start: number, end: number): void {
    this.#hash = undefined;
    for (const client of this.#clients.all) client.databaseChanged();
    this.#onChanged(start, end);
  }

  #place(definition: ServiceDefinition<CharacteristicDefinitions>): PlacedService {
    const { handle } = definition.options;
    const placed = layOut(definition, handle ?? this.#findRoom(definition));
    const taken = placed.start < this.#behind ? this.#overlapping(placed.start, placed.end) : undefined;
    if (taken) {
      throw new RangeError(
        `handle: ${placed.start} to ${placed.end} are not free, service ${taken.uuid.toString()} has some of them`,
      );
    }
    return placed;
  }

  /** Behind all others, so that handles do not soon get another meaning; in a gap when there is no room any more. */
  #findRoom(definition: ServiceDefinition<CharacteristicDefinitions>): number {
    const size = layOut(definition, 0x0001).end;
    if (this.#behind + size - 1 <= mostHandle) return this.#behind;
    let start = 0x0001;
    for (let next = this.#overlapping(start, start + size - 1); next;) {
      start = next.end + 1;
      if (start + size - 1 > mostHandle) throw new RangeError(`no ${size} attribute handles are left`);
      next = this.#overlapping(start, start + size - 1);
    }
    return start;
  }

  #overlapping(start: number, end: number): OfferedService | undefined {
    for (const service of this.#services.values()) {
      if (service.start <= end && service.end >= start) return service;
    }
    return undefined;
  }

  #include(included: object | IncludedHandles): IncludeDeclaration {
    const offered = this.#services.get(included);
    if (offered) return { startHandle: offered.start, endHandle: offered.end, uuid: offered.uuid };
    if (isHandles(included)) {
      const { startHandle, endHandle } = included;
      const ascending = [1, startHandle, endHandle, mostHandle];
      if (ascending.every((handle, at) => Number.isInteger(handle) && handle >= (ascending[at - 1] ?? 1)))
        return { startHandle, endHandle, uuid: Uuid.from(included.uuid) };
      throw new RangeError(`includes: ${startHandle} to ${endHandle} are no handles from 1 to ${mostHandle}`);
    }
    throw new TypeError("includes: something is neither a service of this host nor handles of one");
  }
}

/** @throws {@link TypeError} For programs that no compiler checks. */
function checkDefinition(
  definition: Partial<ServiceDefinition<CharacteristicDefinitions>> | undefined,
): void {
  if (typeof definition?.options === "object" && definition.characteristics) return;
  throw new TypeError("add: give what service() makes");
}

function isHandles(included: object | IncludedHandles): included is IncludedHandles {
  if (typeof included !== "object" || (included as unknown) === null) return false;
  return "startHandle" in included && "endHandle" in included && "uuid" in included;
}
