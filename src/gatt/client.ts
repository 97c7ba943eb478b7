import type { ClientBearer } from "../att/att.ts";
import { AttError } from "../att/error.ts";
import type { BleError } from "../common/errors.ts";
import { type Procedure, run } from "../common/procedure.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import { Uuid, type UuidLike } from "../common/uuid.ts";
import { NotFoundError } from "./error.ts";
import type { RemoteCharacteristic } from "./remote-characteristic.ts";
import { discoverAll, discoverByUuid, type ServiceData } from "./remote-database.ts";
import { RemoteService } from "./remote-service.ts";
import type { RemoteLink } from "./remote-value.ts";
import type { ValueSink } from "./subscription.ts";

/**
 * The peer's GATT server, as this host sees it: `connection.gatt`. Vol 3, Part G, 4.
 *
 * Before the first request the MTU is exchanged. What was discovered is remembered as long as the connection lasts.
 */
export class GattClient implements RemoteLink {
  readonly bearer: ClientBearer;
  readonly turn: Turn;
  #ended: BleError | undefined;
  #mtuAsked = false;
  #ready: Promise<void> | undefined;
  #services: readonly RemoteService[] | undefined;
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

  /** Exchanges the MTU on first use. A server that does not know the request leaves it at 23. */
  get ready(): Promise<void> | undefined {
    if (!this.#mtuAsked) {
      this.#mtuAsked = true;
      this.#ready = promised<number>((done) => {
        this.bearer.exchangeMtu(done);
      })
        .catch((error: unknown) => {
          if (!(error instanceof AttError)) throw error;
        })
        .then(() => {
          this.#ready = undefined;
        });
      // Whoever waits for it sees the error; that nobody does is no fault.
      this.#ready.catch(() => undefined);
    }
    return this.#ready;
  }

  /**
   * Everything the server has, in the order of its handles. Asked once; later calls answer from memory.
   *
   * @throws {@link AttError} The server refused to tell.
   * @throws {@link DisconnectedError} The link was lost first.
   */
  async services(options?: CallOptions): Promise<readonly RemoteService[]> {
    this.#services ??= await this.#discover(discoverAll(this.bearer), options);
    return this.#services;
  }

  /**
   * The first primary service with that UUID. Only it is discovered where not everything has been yet.
   *
   * @throws {@link NotFoundError} The server has none.
   */
  async service(uuid: UuidLike, options?: CallOptions): Promise<RemoteService> {
    const wanted = Uuid.from(uuid);
    const known = this.#services?.filter((service) => service.primary && service.uuid.equals(wanted));
    const [found] = known ?? (await this.#discover(discoverByUuid(this.bearer, wanted), options));
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

  async #discover(
    procedure: Procedure<ServiceData[]>,
    options?: CallOptions,
  ): Promise<readonly RemoteService[]> {
    options?.signal?.throwIfAborted();
    if (this.ready) await this.ready;
    const services = await promised<ServiceData[]>((done) => {
      run(procedure, done);
    }, options);
    return services.map((service) => new RemoteService(service, this));
  }
}
