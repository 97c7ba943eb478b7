import { EventEmitter } from "node:events";
import { shownAsText } from "../common/inspect.ts";
import type { AttBearer } from "../att/att.ts";
import type { Abandoned } from "../att/transaction-line.ts";
import { requireOctets, hexNumber } from "../common/bytes.ts";
import { BleError } from "../common/errors.ts";
import type { Outcome } from "../common/procedure.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import type { Uuid } from "../common/uuid.ts";
import { checkRecipients } from "./call-options.ts";
import type { LocalValue } from "./local-value.ts";
import { Configuration, type ServedClient } from "./served-client.ts";
import type { ServedClients } from "./served-clients.ts";
import { checkValue, type GattPeer, mostValueOctets, type WriteEvent } from "./service-builder.ts";

/** Whom to tell. */
export interface Recipients {
  /** Only this connection, if it has subscribed. By default all that have. */
  readonly to?: GattPeer;
  /**
   * Also who has not subscribed: the specification leaves that to profiles, and clients may drop what they get. Whom
   * the permissions exclude is not told all the same. Default false.
   */
  readonly force?: boolean;
}

/** Whom to tell, and how long to wait. */
export interface NotifyOptions extends CallOptions, Recipients {}

/** What the program can observe of a characteristic. */
export interface LocalCharacteristicEvents {
  /** A client has written it, and the value is kept. `value` is as in {@link WriteEvent}. */
  written: [event: WriteEvent];
  /** A client has subscribed, or a bonded one that had is back and has encrypted the link. */
  subscribed: [connection: GattPeer, how: { readonly notifications: boolean; readonly indications: boolean }];
  /** A client has ended its subscription, or is gone. */
  unsubscribed: [connection: GattPeer];
}

/** A descriptor that the local server offers. */
export interface LocalDescriptor {
  readonly uuid: Uuid;
  readonly handle: number;
}

/** What a characteristic is made of; `host.gatt.add` puts it together. */
export interface LocalCharacteristicParts {
  /** The handle of the value. */
  readonly handle: number;
  readonly value: LocalValue;
  readonly descriptors: readonly LocalDescriptor[];
  /** The bits of a Client Characteristic Configuration that its properties allow. */
  readonly offered: number;
  /** Those served at any time. */
  readonly clients: ServedClients;
  readonly turn: Turn;
}

/** Where the program says nothing, which is not looked at for each value. */
const everybody: NotifyOptions = {};

const eitherWay = Configuration.Notification | Configuration.Indication;

/** A characteristic that the local server offers. */
export class LocalCharacteristic extends EventEmitter<LocalCharacteristicEvents> {
  static {
    shownAsText(LocalCharacteristic.prototype);
  }

  readonly uuid: Uuid;
  /** The handle of the value. */
  readonly handle: number;
  /** Those of its definition, in their order. */
  readonly descriptors: readonly LocalDescriptor[];
  /** @internal The bits of a Client Characteristic Configuration that its properties allow. */
  readonly offered: number;
  readonly #value: LocalValue;
  /** Whether the link must be anything before values are sent on it. */
  readonly #guarded: boolean;
  readonly #clients: ServedClients;
  readonly #turn: Turn;
  #removed = false;

  /** Made by `host.gatt.add`. */
  constructor({ handle, value, descriptors, offered, clients, turn }: LocalCharacteristicParts) {
    super();
    this.offered = offered;
    this.uuid = value.uuid;
    this.handle = handle;
    this.descriptors = descriptors;
    this.#value = value;
    this.#guarded = value.guards("subscribe");
    this.#clients = clients;
    this.#turn = turn;
    value.onKept = (event) => {
      if (this.listenerCount("written") === 0) return;
      const copy = { ...event, value: new Uint8Array(event.value) };
      turn.defer(() => this.emit("written", copy));
    };
  }

  override toString(): string {
    const subscribers = this.subscribers.length;
    return `${this.uuid.toString()} at 0x${hexNumber(this.handle, 4)} (${subscribers} subscribed)`;
  }

  /**
   * The value kept here, which clients read where there is no `onRead`. *Borrowed*: do not write into it, assign to
   * change it. What clients write later does not change what you hold.
   */
  get value(): Uint8Array {
    return this.#value.octets;
  }

  /** Copied, 0 to 512 octets or what `maxLength` and `fixedLength` say. Nobody is told; see {@link notify}. */
  set value(value: Uint8Array) {
    this.#value.set(value);
  }

  /** The value kept here, *owned* from now on; then it is empty. For one that clients append to. */
  take(): Uint8Array {
    return this.#value.take();
  }

  /** The connections that have subscribed to notifications or indications. */
  get subscribers(): readonly GattPeer[] {
    if (this.#removed) return [];
    return this.#clients.all
      .filter((client) => (client.subscription(this.handle) & eitherWay) !== 0)
      .map(({ connection }) => connection);
  }

  /**
   * Notifies those who subscribed of a value, which is cut to ATT_MTU - 3 octets, that of the bearer it goes over.
   * Vol 3, Part G, 4.10.1.
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
  notify(value: Uint8Array, options: NotifyOptions = everybody): Promise<number> {
    try {
      if (options !== everybody) checkRecipients("notify", options);
      this.checkOffer(Configuration.Notification);
      requireOctets(value);
      checkValue({ value });
      options.signal?.throwIfAborted();
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    let told = 0;
    let waiting: Promise<boolean>[] | undefined;
    for (const client of this.#clients.meant(options.to)) {
      const bearer = this.bearerTo(client, Configuration.Notification, options);
      if (!bearer) continue;
      if (bearer.hasRoom) {
        bearer.notify(this.handle, value);
        told++;
      } else {
        (waiting ??= []).push(this.#notifyLater(client, bearer, value, options));
      }
    }
    // Not an async function: where nothing waits, it would take as long to make its promise as to queue the value.
    return waiting ? total(told, waiting) : Promise.resolve(told);
  }

  /**
   * Notifies at once those who subscribed, or nobody when there is no room for one of them.
   *
   * @param value - 0 to 512 octets, cut to ATT_MTU - 3; copied.
   * @returns Whether the value was queued for every subscriber.
   */
  tryNotify(value: Uint8Array, recipients: Recipients = everybody): boolean {
    if (recipients !== everybody) checkRecipients("tryNotify", recipients);
    this.checkOffer(Configuration.Notification);
    requireOctets(value);
    checkValue({ value });
    for (const client of this.#clients.meant(recipients.to)) {
      if (this.bearerTo(client, Configuration.Notification, recipients)?.hasRoom === false) return false;
    }
    for (const client of this.#clients.meant(recipients.to)) {
      this.bearerTo(client, Configuration.Notification, recipients)?.notify(this.handle, value);
    }
    return true;
  }

  /**
   * Indicates a value to those who subscribed and waits until each has confirmed. Vol 3, Part G, 4.11.1. Who unsubscribes
   * while it waits behind others is not told.
   *
   * @param value - 0 to 512 octets, cut to ATT_MTU - 3; copied.
   * @param options.signal - Stops waiting; an indication that has not been sent yet never is.
   * @returns How many clients confirmed.
   * @throws {@link AttTimeoutError} A client did not confirm within 30 s.
   * @throws {@link DisconnectedError} A client's link was lost first.
   * @throws {@link BackPressureError} 1024 indications wait for one of the clients already.
   */
  async indicate(value: Uint8Array, options: NotifyOptions = everybody): Promise<number> {
    if (options !== everybody) checkRecipients("indicate", options);
    this.checkOffer(Configuration.Indication);
    requireOctets(value);
    checkValue({ value });
    options.signal?.throwIfAborted();
    const octets = new Uint8Array(value); // it may wait in line behind other indications
    const confirmations: Promise<boolean>[] = [];
    for (const client of this.#clients.meant(options.to)) {
      const bearer = this.bearerTo(client, Configuration.Indication, options);
      if (bearer) confirmations.push(this.#indicateTo(client, bearer, octets, options));
    }
    return total(0, confirmations);
  }

  /** @internal @throws {@link TypeError} Its properties do not allow it. */
  checkOffer(bits: number): void {
    if ((this.offered & bits) !== 0) return;
    const option = bits === Configuration.Notification ? "notify" : "indicate";
    throw new TypeError(`characteristic ${this.uuid.toString()} was not defined with ${option}: true`);
  }

  /**
   * @internal How many octets a notification now carries whole to everybody it is for: each of a client's bearers has an
   * ATT_MTU of its own (Vol 3, Part G, 5.3.1).
   */
  roomFor(recipients: Recipients): number {
    let most = mostValueOctets;
    for (const client of this.#clients.meant(recipients.to)) {
      const bearer = this.bearerTo(client, Configuration.Notification, recipients);
      if (bearer) most = Math.min(most, bearer.mtu - 3);
    }
    return most;
  }

  /**
   * @internal The way to a client, if it is meant, has subscribed, and may be told: the link must be as secure as for
   * subscribing (Vol 3, Part F, 4), and the client know the database (Vol 3, Part G, 2.5.2.1).
   */
  bearerTo(
    client: ServedClient,
    bits: number,
    { to, force }: Recipients,
  ): AttBearer<ServedClient> | undefined {
    if (this.#removed || (to !== undefined && client.connection !== to)) return undefined;
    if (client.gate.withholds) return undefined;
    if (this.#guarded && this.#value.refusal("subscribe", client.security) !== undefined) {
      client.needsEncryption(this.handle);
      return undefined;
    }
    return client.route(this.handle, bits, force);
  }

  /** @internal Its service was removed: the handle may become another's, and nobody is told of its values any more. */
  remove(): void {
    this.#removed = true;
  }

  /** @internal A client's configuration is another, or the client is gone. */
  configured(connection: GattPeer, bits: number): void {
    if (this.listenerCount("subscribed") === 0 && this.listenerCount("unsubscribed") === 0) return;
    const how = {
      notifications: (bits & Configuration.Notification) !== 0,
      indications: (bits & Configuration.Indication) !== 0,
    };
    this.#turn.defer(() => {
      if (bits === 0) this.emit("unsubscribed", connection);
      else this.emit("subscribed", connection, how);
    });
  }

  /** Whether it was confirmed: while it waits in line the client may unsubscribe, and then it is not sent. */
  #indicateTo(
    client: ServedClient,
    bearer: AttBearer<ServedClient>,
    value: Uint8Array,
    options: NotifyOptions,
  ): Promise<boolean> {
    const { signal } = options;
    const isWanted = (): boolean => this.bearerTo(client, Configuration.Indication, options) !== undefined;
    return promised<boolean>((done) => {
      const waiting: Abandoned = {
        get aborted() {
          return (signal?.aborted ?? false) || !isWanted();
        },
        passedOver() {
          done(false);
        },
      };
      const confirmed = (outcome: Outcome<Uint8Array>): void => {
        done(outcome instanceof BleError ? outcome : true);
      };
      bearer.indicate(this.handle, value, confirmed, waiting);
    }, options);
  }

  /** Whether it was queued, once there was room: the client may have unsubscribed or gone meanwhile. */
  #notifyLater(
    client: ServedClient,
    first: AttBearer<ServedClient>,
    value: Uint8Array,
    options: NotifyOptions,
  ): Promise<boolean> {
    return promised<boolean>((done) => {
      const attempt = (bearer: AttBearer<ServedClient>): void => {
        bearer.whenRoom((outcome) => {
          if (outcome instanceof BleError) {
            done(outcome);
            return;
          }
          const { aborted } = options.signal ?? { aborted: false };
          const now = aborted ? undefined : this.bearerTo(client, Configuration.Notification, options);
          // The bearer may have gone, and another taken its place.
          if (now && now !== bearer && !now.hasRoom) {
            attempt(now);
            return;
          }
          now?.notify(this.handle, value);
          done(now !== undefined);
        });
      };
      attempt(first);
    }, options);
  }
}

async function total(told: number, waiting: readonly Promise<boolean>[]): Promise<number> {
  for (const reached of await Promise.all(waiting)) if (reached) told++;
  return told;
}
