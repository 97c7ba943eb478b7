import { HostClosedError, BackPressureError, type BleError } from "../common/errors.ts";
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

/** How many values may wait for room for one client before the program is told that it does not wait. */
const mostWaiting = 1024;

/** A characteristic that the local server offers. */
export class LocalCharacteristic {
  readonly uuid: Uuid;
  /** The handle of the value. */
  readonly handle: number;
  readonly #value: LocalValue;
  readonly #clients: ReadonlySet<ServedClient>;
  #waiting = 0;

  /** Made by `host.gatt.add`. */
  constructor(uuid: Uuid, handle: number, value: LocalValue, clients: ReadonlySet<ServedClient>) {
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
    const either = Configuration.Notification | Configuration.Indication;
    return [...this.#subscribed(either)].map(({ connection }) => connection);
  }

  /**
   * Notifies those who subscribed of a value, which is cut to ATT_MTU - 3 octets. Vol 3, Part G, 4.10.1.
   *
   * Waits while too much is queued for a client: `await` it, and the program goes as fast as the radio. The value
   * kept here does not change.
   *
   * @param value - 0 to 512 octets, not to be changed until the promise settles.
   * @returns How many clients it was queued for.
   * @throws {@link BackPressureError} More than 1024 values wait already, because nobody awaits them.
   */
  async notify(value: Uint8Array, options: NotifyOptions = {}): Promise<number> {
    checkValue({ value });
    let told = 0;
    for (const client of this.#recipients(Configuration.Notification, options)) {
      const bearer = client.bearer;
      if (!bearer) continue;
      if (!bearer.hasRoom) await this.#room(bearer, options);
      if (!client.isSubscribed(this.handle, Configuration.Notification)) continue;
      bearer.notify(this.handle, value);
      told++;
    }
    return told;
  }

  /**
   * Notifies at once those who subscribed, or nobody when there is no room for one of them.
   *
   * @returns Whether the value was queued for every subscriber.
   */
  tryNotify(value: Uint8Array, { to }: { readonly to?: GattPeer } = {}): boolean {
    checkValue({ value });
    const bearers = this.#recipients(Configuration.Notification, to ? { to } : {}).flatMap(
      ({ bearer }) => bearer ?? [],
    );
    if (bearers.some((bearer) => !bearer.hasRoom)) return false;
    for (const bearer of bearers) bearer.notify(this.handle, value);
    return true;
  }

  /**
   * Indicates a value to those who subscribed and waits until each has confirmed. Vol 3, Part G, 4.11.1.
   *
   * @returns How many clients confirmed.
   * @throws {@link AttTimeoutError} A client did not confirm within 30 s.
   * @throws {@link DisconnectedError} A client's link was lost first.
   */
  async indicate(value: Uint8Array, options: NotifyOptions = {}): Promise<number> {
    checkValue({ value });
    const octets = value.slice(); // it may wait in line behind other indications
    const confirmations = this.#recipients(Configuration.Indication, options).map((client) =>
      promised((done: Done<Uint8Array>) => {
        if (client.bearer) client.bearer.indicate(this.handle, octets, done);
        else done(new HostClosedError());
      }, options),
    );
    return (await Promise.all(confirmations)).length;
  }

  #recipients(bits: number, { to }: NotifyOptions): readonly ServedClient[] {
    return [...this.#subscribed(bits)].filter(({ connection }) => to === undefined || connection === to);
  }

  *#subscribed(bits: number): Generator<ServedClient, void, undefined> {
    for (const client of this.#clients) if (client.isSubscribed(this.handle, bits)) yield client;
  }

  async #room(bearer: AttBearer<ServedClient>, options: CallOptions): Promise<void> {
    if (this.#waiting >= mostWaiting) {
      throw new BackPressureError(
        `${mostWaiting} values wait to be notified: await notify() before the next`,
      );
    }
    this.#waiting++;
    try {
      await promised<undefined>((done: (outcome: undefined | BleError) => void) => {
        bearer.whenRoom(() => {
          done(undefined);
        });
      }, options);
    } finally {
      this.#waiting--;
    }
  }
}
