import type { ClientBearer } from "../att/att.ts";
import { BleError } from "../common/errors.ts";
import { type Done, type Procedure, run } from "../common/procedure.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import { Uuid, type UuidLike } from "../common/uuid.ts";
import { NotFoundError } from "./error.ts";
import type { RemoteCharacteristic } from "./remote-characteristic.ts";
import { discoverAll, discoverByUuid, type ServiceData } from "./remote-database.ts";
import { RemoteService } from "./remote-service.ts";
import type { RemoteLink } from "./remote-value.ts";
import type { ValueSink } from "./subscription.ts";

/** Stands among the UUIDs of searches for the search for everything. */
const everything = "";

/**
 * The peer's GATT server, as this host sees it: `connection.gatt`. Vol 3, Part G, 4.
 *
 * Before the first request the MTU is exchanged. What was discovered is remembered as long as the connection lasts.
 */
export class GattClient implements RemoteLink {
  readonly bearer: ClientBearer;
  readonly turn: Turn;
  #ended: BleError | undefined;
  #ready = false;
  readonly #waitingForMtu: (() => void)[] = [];
  /** Searches that have found something, and searches under way, by what they look for. */
  readonly #found = new Map<string, readonly RemoteService[]>();
  readonly #searching = new Map<string, Done<readonly RemoteService[]>[]>();
  /** Every service found, by its handle: one attribute is one object, whichever search has met it. */
  readonly #services = new Map<number, RemoteService>();
  readonly #sinks = new Map<number, ValueSink[]>();

  /** Made with the connection. */
  constructor(bearer: ClientBearer, turn: Turn) {
    this.bearer = bearer;
    this.turn = turn;
  }

  /** The ATT_MTU in force, 23 to 517 octets. */
  get mtu(): number {
    return this.bearer.mtu;
  }

  get ended(): BleError | undefined {
    return this.#ended;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Exchanges the MTU on first use. Where that fails it stays at 23, and what comes next learns if the link is gone. */
  begin(options?: CallOptions): Promise<void> {
    return promised<undefined>((done) => {
      if (this.#ready) {
        done(undefined);
        return;
      }
      this.#waitingForMtu.push(() => {
        done(undefined);
      });
      if (this.#waitingForMtu.length > 1) return;
      this.bearer.exchangeMtu(() => {
        this.#ready = true;
        for (const callback of this.#waitingForMtu.splice(0)) callback();
      });
    }, options);
  }

  /**
   * Everything the server has, in the order of its handles. Asked once; later calls answer from memory.
   *
   * @param options.signal - Stops waiting; a search that has begun goes on and is remembered.
   * @throws {@link AttError} The server refused to tell.
   * @throws {@link MalformedPduError} What it told makes no sense.
   * @throws {@link DisconnectedError} The link was lost first.
   */
  async services(options?: CallOptions): Promise<readonly RemoteService[]> {
    return this.#found.get(everything) ?? this.#discover(everything, discoverAll, options);
  }

  /**
   * The first primary service with that UUID. Only it is discovered where not everything has been yet; what was found
   * is remembered.
   *
   * @throws {@link NotFoundError} The server has none.
   */
  async service(uuid: UuidLike, options?: CallOptions): Promise<RemoteService> {
    const wanted = Uuid.from(uuid);
    const among = (services: readonly RemoteService[] | undefined): RemoteService | undefined =>
      services?.find((service) => service.primary && service.uuid.equals(wanted));
    const found =
      among(this.#found.get(everything)) ??
      among(this.#found.get(wanted.key)) ??
      among(await this.#discover(wanted.key, (bearer) => discoverByUuid(bearer, wanted), options));
    if (found) return found;
    throw new NotFoundError(`the server has no service ${wanted.toString()}`);
  }

  /**
   * The first characteristic with that UUID in the first service with the other.
   *
   * @throws {@link NotFoundError} The server has none.
   */
  async characteristic(
    service: UuidLike,
    uuid: UuidLike,
    options?: CallOptions,
  ): Promise<RemoteCharacteristic> {
    return (await this.service(service, options)).characteristic(uuid);
  }

  addSink(handle: number, sink: ValueSink): void {
    this.#sinks.set(handle, [...(this.#sinks.get(handle) ?? []), sink]);
  }

  removeSink(handle: number, sink: ValueSink): void {
    const left = (this.#sinks.get(handle) ?? []).filter((other) => other !== sink);
    if (left.length > 0) this.#sinks.set(handle, left);
    else this.#sinks.delete(handle);
  }

  /** A notification or an indication came; `value` is *borrowed*. One that nobody wants is dropped. */
  value(handle: number, value: Uint8Array): void {
    const sinks = this.#sinks.get(handle);
    if (sinks) for (const sink of sinks) sink.value(value);
  }

  /** Nothing can be sent any more. */
  closed(reason: BleError): void {
    this.#ended = reason;
    const sinks = [...this.#sinks.values()].flat();
    this.#sinks.clear();
    for (const sink of sinks) sink.ended(reason);
  }

  /** Searches, or waits for the same search that is under way. */
  async #discover(
    key: string,
    procedure: (bearer: ClientBearer) => Procedure<ServiceData[]>,
    options?: CallOptions,
  ): Promise<readonly RemoteService[]> {
    if (!this.#ready) await this.begin(options);
    return promised<readonly RemoteService[]>((done) => {
      const searching = this.#searching.get(key);
      if (searching) {
        searching.push(done);
        return;
      }
      const waiting = [done];
      this.#searching.set(key, waiting);
      run(procedure(this.bearer), (outcome) => {
        this.#searching.delete(key);
        const result = outcome instanceof BleError ? outcome : this.#remember(key, outcome);
        for (const tell of waiting) tell(result);
      });
    }, options);
  }

  #remember(key: string, found: readonly ServiceData[]): readonly RemoteService[] {
    const services = found.map((data) => {
      const service = this.#services.get(data.start) ?? new RemoteService(data, this);
      this.#services.set(data.start, service);
      return service;
    });
    this.#found.set(key, services);
    return services;
  }
}
