import { AsyncQueue } from "../common/async-queue.ts";
import type { BleError } from "../common/errors.ts";
import { shownAsText } from "../common/inspect.ts";
import type { CallOptions } from "../common/promised.ts";
import type { UuidLike } from "../common/uuid.ts";
import type { AdvertisingDataInput } from "./advertising-fields.ts";
import type { Connection } from "./connection.ts";

/** What to say: everything of {@link AdvertisingDataInput}, and short names for the two most said. */
export interface AdvertisedData extends AdvertisingDataInput {
  /** Short for `localName`. */
  readonly name?: string;
  /** Short for `serviceUuids`. */
  readonly services?: readonly UuidLike[];
  /** The packets as they are to be sent, in place of all the rest: no flags are added, nothing is looked at. */
  readonly raw?: RawAdvertisement;
}

/** The octets of an advertisement; copied. */
export interface RawAdvertisement {
  /** What everybody hears: up to 31 octets, or what the controller has room for in extended advertising. */
  readonly advertisingData?: Uint8Array;
  /** What is sent to those who ask. */
  readonly scanResponseData?: Uint8Array;
}

/** What {@link Advertising} asks of the advertiser that made it. */
export interface AdvertisingOwner {
  stop(own: Advertising): Promise<void>;
  update(own: Advertising, data: AdvertisedData, options: CallOptions): Promise<void>;
  updatePeriodic(own: Advertising, data: AdvertisedData, options: CallOptions): Promise<void>;
  transfer(own: Advertising, to: Connection, serviceData: number, options: CallOptions): Promise<void>;
}

/** Connections that came and were not taken; as many as a controller could ever hold. */
const mostConnections = 256;

/**
 * Advertising under way. Iterate it for the connections that come of it; dispose of it to stop.
 *
 * @example
 * ```ts
 * await using advertising = await host.advertise({ name: "jelling", services: ["180d"] });
 * for await (const connection of advertising) console.log(`${connection.peerAddress} is here`);
 * ```
 */
export class Advertising implements AsyncIterable<Connection>, AsyncDisposable {
  readonly #connections: AsyncQueue<Connection>;
  readonly #owner: AdvertisingOwner;
  #stopped: Promise<void> | undefined;

  /** Made by `host.advertise`. */
  constructor(owner: AdvertisingOwner) {
    this.#connections = new AsyncQueue(mostConnections, "dropOldest");
    this.#owner = owner;
  }

  static {
    shownAsText(Advertising.prototype);
  }

  /** What `console.log` shows. */
  toString(): string {
    return this.active ? "(active)" : "(ended)";
  }

  /** The connections that come, as they come; ends when the advertising does. One loop at a time. */
  [Symbol.asyncIterator](): AsyncIterator<Connection, undefined> {
    const queue = this.#connections;
    return { next: () => queue.next() }; // leaving the loop does not end the advertising
  }

  /** Whether it goes on: until it is disposed of, or its duration or its first connection has ended it. */
  get active(): boolean {
    return !this.#connections.ended;
  }

  /**
   * Says something else from now on, without a pause on the air where the controller can.
   *
   * @param data - All of it: what is left out is not said any more.
   * @throws {@link RangeError} It does not fit; what was said before still is.
   * @throws {@link UnavailableError} The advertising has ended.
   */
  async update(data: AdvertisedData, options: CallOptions = {}): Promise<void> {
    await this.#owner.update(this, data, options);
  }

  /**
   * Says something else in its periodic advertising. Vol 4, Part E, 7.8.62.
   *
   * @throws {@link RangeError} It does not fit; what was said before still is.
   * @throws {@link UnavailableError} The advertising has ended, or was begun without `periodic`.
   */
  async updatePeriodic(data: AdvertisedData, options: CallOptions = {}): Promise<void> {
    await this.#owner.updatePeriodic(this, data, options);
  }

  /**
   * Tells a peer how to receive the periodic advertising. Vol 4, Part E, 7.8.90.
   *
   * @param serviceData - For the program on the other side, 0 to 0xFFFF.
   * @throws {@link HciError} The peer does not take such things, for one.
   * @throws {@link UnavailableError} The advertising has ended, or was begun without `periodic`.
   */
  async transferPeriodicTo(
    connection: Connection,
    serviceData = 0,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#owner.transfer(this, connection, serviceData, options);
  }

  /** Stops, and resolves when the radio is silent. The connections that came of it stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#owner.stop(this);
    await this.#stopped;
  }

  /** @internal For the advertiser. */
  connected(connection: Connection): void {
    this.#connections.push(connection);
  }

  /** @internal For the advertiser: nothing comes of it any more. */
  ended(reason?: BleError): void {
    this.#connections.end(reason);
  }
}
