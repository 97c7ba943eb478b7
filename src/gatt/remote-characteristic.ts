import type { Done } from "../common/procedure.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import { type CharacteristicProperties, GattType } from "./declaration.ts";
import { NotFoundError } from "./error.ts";
import type { CharacteristicData } from "./remote-database.ts";
import { RemoteDescriptor, type RemoteLink, RemoteValue } from "./remote-value.ts";
import { Configuration } from "./served-client.ts";
import { type SubscribeOptions, Subscription } from "./subscription.ts";

/** A characteristic of the server. Its identity is the handle: a server may have several with one UUID. */
export class RemoteCharacteristic extends RemoteValue {
  readonly properties: CharacteristicProperties;
  readonly declarationHandle: number;
  readonly descriptors: readonly RemoteDescriptor[];
  /** What each subscription wants of the Client Characteristic Configuration. */
  readonly #subscriptions = new Map<Subscription, number>();
  /** What the server was last told, and the line of those who tell it. */
  #configured = 0;
  #configuring: Promise<void> = Promise.resolve();

  /** Made by discovery. */
  constructor(data: CharacteristicData, link: RemoteLink) {
    super(data.uuid, data.valueHandle, link);
    this.properties = data.properties;
    this.declarationHandle = data.declarationHandle;
    this.descriptors = data.descriptors.map(({ uuid, handle }) => new RemoteDescriptor(uuid, handle, link));
  }

  /**
   * Writes without an answer (Vol 3, Part G, 4.9.1). Waits while too much is queued: `await` it, and the program goes
   * as fast as the radio.
   *
   * @param value - At most {@link maxWriteLength} octets, not to be changed until the promise settles.
   * @throws {@link DisconnectedError} The link was lost first.
   * @throws {@link RangeError} The value is too long.
   */
  async writeWithoutResponse(value: Uint8Array, options?: CallOptions): Promise<void> {
    const { bearer, ready } = this.link;
    if (ready) await ready;
    this.checkLength(value);
    if (!bearer.hasRoom && !this.link.ended) {
      await promised((done: Done<undefined>) => {
        bearer.whenRoom(() => {
          done(undefined);
        });
      }, options);
    }
    if (this.link.ended) throw this.link.ended;
    bearer.writeCommand(this.handle, value);
  }

  /**
   * Subscribes to the values the server sends on its own account, by notification where it offers that, else by
   * indication. Resolves when the server has agreed; the sink is in place before it is asked, so nothing is lost.
   *
   * @throws {@link NotFoundError} The characteristic offers neither, or has no Client Characteristic Configuration.
   * @throws {@link AttError} The server refused.
   */
  async subscribe(options: SubscribeOptions & CallOptions = {}): Promise<Subscription> {
    options.signal?.throwIfAborted();
    const bits = this.#bitsFor(options);
    const defer = (callback: () => void): void => {
      this.link.turn.defer(callback);
    };
    const subscription = new Subscription(options, defer, (own) => this.#unsubscribe(own));
    if (this.link.ended) throw this.link.ended;
    this.link.addSink(this.handle, subscription.sink);
    this.#subscriptions.set(subscription, bits);
    try {
      await this.#configure(options);
    } catch (error) {
      await subscription[Symbol.asyncDispose]();
      throw error;
    }
    return subscription;
  }

  /**
   * The values the server sends on its own account. Subscribes when the iteration begins and unsubscribes when it
   * ends. Up to 1024 values wait for a program that is slower than the server; one more ends the iteration with
   * QueueOverflowError.
   *
   * @param options.signal - Aborting makes the iteration throw `signal.reason`.
   * @throws {@link DisconnectedError} The link was lost.
   *
   * @example
   * ```ts
   * for await (const value of measurement.notifications({ signal })) console.log(value);
   * ```
   */
  async *notifications(
    options: Omit<SubscribeOptions, "onValue"> & CallOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal } = options;
    await using subscription = await this.subscribe(options);
    const stop = (): void => {
      void subscription[Symbol.asyncDispose]();
    };
    signal?.addEventListener("abort", stop, { once: true });
    try {
      for await (const value of subscription) {
        signal?.throwIfAborted();
        yield value;
      }
      signal?.throwIfAborted();
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  #bitsFor({ indicate }: SubscribeOptions): number {
    const { notify, indicate: canIndicate } = this.properties;
    if (indicate ? canIndicate : !notify && canIndicate) return Configuration.Indication;
    if (notify && !indicate) return Configuration.Notification;
    const wanted = indicate ? "indications" : "notifications or indications";
    throw new NotFoundError(`characteristic ${this.uuid.toString()} does not offer ${wanted}`);
  }

  async #unsubscribe(subscription: Subscription): Promise<void> {
    this.link.removeSink(this.handle, subscription.sink);
    if (!this.#subscriptions.delete(subscription) || this.link.ended) return;
    try {
      await this.#configure();
    } catch (error) {
      // The link went while we said goodbye, or the server would not hear it: either way no value comes any more.
      if (!(error instanceof Error)) throw error;
    }
  }

  /** Tells the server what all subscriptions together want, if that is news to it. One at a time. */
  #configure(options?: CallOptions): Promise<void> {
    const turn = this.#configuring.then(async () => {
      let wanted = 0;
      for (const bits of this.#subscriptions.values()) wanted |= bits;
      if (wanted === this.#configured) return;
      await this.#configuration().write(Uint8Array.of(wanted, 0), options);
      this.#configured = wanted;
    });
    this.#configuring = turn.catch(() => undefined);
    return turn;
  }

  #configuration(): RemoteDescriptor {
    const type = GattType.ClientCharacteristicConfiguration;
    const found = this.descriptors.find(({ uuid }) => uuid.equals(type));
    if (found) return found;
    throw new NotFoundError(
      `characteristic ${this.uuid.toString()} has no Client Characteristic Configuration`,
    );
  }
}
