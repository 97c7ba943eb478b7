import { BleError } from "../common/errors.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Done } from "../common/procedure.ts";
import type { Uuid } from "../common/uuid.ts";
import type { AttBearer } from "../att/att.ts";
import type { LocalValue } from "./local-value.ts";
import { Configuration, type ServedClient } from "./served-client.ts";
import { checkValue, type GattPeer } from "./service-builder.ts";

/** Whom to tell, and how long to wait. */
export interface NotifyOptions extends CallOptions {
  /** Only this connection, if it has subscribed. By default all that have. */
  readonly to?: GattPeer;
}

const eitherWay = Configuration.Notification | Configuration.Indication;

/** A characteristic that the local server offers. */
export class LocalCharacteristic {
  readonly uuid: Uuid;
  /** The handle of the value. */
  readonly handle: number;
  readonly #value: LocalValue;
  /** The bits of a Client Characteristic Configuration that its properties allow. */
  readonly #offered: number;
  readonly #clients: readonly ServedClient[];

  /**
   * Made by `host.gatt.add`.
   *
   * @param clients - Those served at any time; not a copy.
   */
  constructor(
    uuid: Uuid,
    handle: number,
    value: LocalValue,
    offered: number,
    clients: readonly ServedClient[],
  ) {
    this.#offered = offered;
    this.uuid = uuid;
    this.handle = handle;
    this.#value = value;
    this.#clients = clients;
  }

  /** The value kept here, which clients read where there is no `onRead`. *Borrowed*: assign to change it. */
  get value(): Uint8Array {
    return this.#value.octets;
  }

  /** Copied, 0 to 512 octets. Nobody is told; see {@link notify}. */
  set value(value: Uint8Array) {
    this.#value.set(value);
  }

  /** The connections that have subscribed to notifications or indications. */
  get subscribers(): readonly GattPeer[] {
    return this.#recipients(eitherWay, undefined).map(({ connection }) => connection);
  }

  /**
   * Notifies those who subscribed of a value, which is cut to ATT_MTU - 3 octets. Vol 3, Part G, 4.10.1.
   *
   * Waits while too much is queued for a client: `await` it, and the program goes as fast as the slowest radio link. A
   * client that holds it up does not hold up the others' values. The value kept here does not change.
   *
   * @param value - 0 to 512 octets, not to be changed until the promise settles.
   * @param options.signal - Aborting keeps what still waits for room from being sent.
   * @returns How many clients it was queued for.
   * @throws {@link TypeError} The characteristic was not defined with `notify: true`, or the value is no Uint8Array.
   * @throws {@link BackPressureError} 1024 values wait for one of the clients already, because nobody awaits them; it
   *   does not get this one.
   */
  async notify(value: Uint8Array, options: NotifyOptions = {}): Promise<number> {
    this.#checkOffer(Configuration.Notification, "notify");
    checkValue({ value });
    options.signal?.throwIfAborted();
    let told = 0;
    let waiting: Promise<boolean>[] | undefined;
    for (const client of this.#clients) {
      const bearer = this.#bearerOf(client, Configuration.Notification, options.to);
      if (!bearer) continue;
      if (bearer.hasRoom) {
        bearer.notify(this.handle, value);
        told++;
      } else {
        (waiting ??= []).push(this.#notifyLater(client, bearer, value, options));
      }
    }
    if (waiting) for (const queued of await Promise.all(waiting)) if (queued) told++;
    return told;
  }

  /**
   * Notifies at once those who subscribed, or nobody when there is no room for one of them.
   *
   * @param value - 0 to 512 octets, cut to ATT_MTU - 3; copied.
   * @returns Whether the value was queued for every subscriber.
   */
  tryNotify(value: Uint8Array, { to }: { readonly to?: GattPeer } = {}): boolean {
    this.#checkOffer(Configuration.Notification, "notify");
    checkValue({ value });
    for (const client of this.#clients) {
      if (this.#bearerOf(client, Configuration.Notification, to)?.hasRoom === false) return false;
    }
    for (const client of this.#clients) {
      this.#bearerOf(client, Configuration.Notification, to)?.notify(this.handle, value);
    }
    return true;
  }

  /**
   * Indicates a value to those who subscribed and waits until each has confirmed. Vol 3, Part G, 4.11.1.
   *
   * @param value - 0 to 512 octets, cut to ATT_MTU - 3; copied.
   * @param options.signal - Stops waiting; an indication that has not been sent yet never is.
   * @returns How many clients confirmed.
   * @throws {@link AttTimeoutError} A client did not confirm within 30 s.
   * @throws {@link DisconnectedError} A client's link was lost first.
   * @throws {@link BackPressureError} 1024 indications wait for one of the clients already.
   */
  async indicate(value: Uint8Array, options: NotifyOptions = {}): Promise<number> {
    this.#checkOffer(Configuration.Indication, "indicate");
    checkValue({ value });
    options.signal?.throwIfAborted();
    const octets = new Uint8Array(value); // it may wait in line behind other indications
    const confirmations = this.#recipients(Configuration.Indication, options.to).map(({ bearer }) =>
      promised((done: Done<Uint8Array>) => {
        bearer?.indicate(this.handle, octets, done, options.signal);
      }, options),
    );
    return (await Promise.all(confirmations)).length;
  }

  #checkOffer(bits: number, option: "notify" | "indicate"): void {
    if ((this.#offered & bits) !== 0) return;
    throw new TypeError(`characteristic ${this.uuid.toString()} was not defined with ${option}: true`);
  }

  #recipients(bits: number, to: GattPeer | undefined): ServedClient[] {
    return this.#clients.filter((client) => this.#bearerOf(client, bits, to) !== undefined);
  }

  /** The way to a client, if it is meant and has subscribed. */
  #bearerOf(client: ServedClient, bits: number, to?: GattPeer): AttBearer<ServedClient> | undefined {
    if (to !== undefined && client.connection !== to) return undefined;
    return client.isSubscribed(this.handle, bits) ? client.bearer : undefined;
  }

  /** Whether it was queued, once there was room: the client may have unsubscribed or gone meanwhile. */
  #notifyLater(
    client: ServedClient,
    bearer: AttBearer<ServedClient>,
    value: Uint8Array,
    options: CallOptions,
  ): Promise<boolean> {
    return promised<boolean>((done) => {
      bearer.whenRoom((outcome) => {
        if (outcome instanceof BleError) {
          done(outcome);
          return;
        }
        const wanted =
          !options.signal?.aborted && client.isSubscribed(this.handle, Configuration.Notification);
        if (wanted) bearer.notify(this.handle, value);
        done(wanted);
      });
    }, options);
  }
}
