import { requireOctets } from "../common/bytes.ts";
import { BleError } from "../common/errors.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import { type CharacteristicProperties, GattType } from "./declaration.ts";
import { NotFoundError } from "./error.ts";
import { NotificationIterator } from "./notification-iterator.ts";
import { RemoteConfiguration } from "./remote-configuration.ts";
import type { CharacteristicData } from "./remote-database.ts";
import { RemoteDescriptor, type RemoteLink, RemoteValue } from "./remote-value.ts";
import { Configuration } from "./served-client.ts";
import { type SubscribeOptions, Subscription } from "./subscription.ts";

/** A characteristic of the server. Its identity is the handle: a server may have several with one UUID. */
export class RemoteCharacteristic extends RemoteValue {
  readonly properties: CharacteristicProperties;
  readonly declarationHandle: number;
  readonly descriptors: readonly RemoteDescriptor[];
  readonly #configuration: RemoteConfiguration | undefined;

  /** Made by discovery. */
  constructor(data: CharacteristicData, link: RemoteLink) {
    super(data.uuid, data.valueHandle, link);
    this.properties = data.properties;
    this.declarationHandle = data.declarationHandle;
    this.descriptors = data.descriptors.map(({ uuid, handle }) => new RemoteDescriptor(uuid, handle, link));
    const type = GattType.ClientCharacteristicConfiguration;
    const configuration = this.descriptors.find(({ uuid }) => uuid.equals(type));
    this.#configuration = configuration && new RemoteConfiguration(link.bearer, configuration.handle);
  }

  /**
   * Writes without an answer (Vol 3, Part G, 4.9.1). Waits while too much is queued: `await` it, and the program goes
   * as fast as the radio.
   *
   * @param value - At most {@link maxWriteLength} octets, not to be changed until the promise settles.
   * @param options.signal - Aborting keeps a value that still waits for room from being sent.
   * @throws {@link DisconnectedError} The link was lost first.
   * @throws {@link BackPressureError} 1024 values wait already, because nobody awaits them.
   * @throws {@link RangeError} The value is too long.
   * @throws {@link NotFoundError} The characteristic does not offer it.
   */
  async writeWithoutResponse(value: Uint8Array, options?: CallOptions): Promise<void> {
    requireOctets(value);
    if (!this.properties.writeWithoutResponse) {
      throw new NotFoundError(
        `characteristic ${this.uuid.toString()} does not offer writing without response`,
      );
    }
    const { link } = this;
    options?.signal?.throwIfAborted();
    if (!link.ready) await link.begin(options);
    this.checkLength(value);
    this.checkLink();
    if (link.bearer.hasRoom) {
      link.bearer.writeCommand(this.handle, value);
      return;
    }
    await promised<undefined>((done) => {
      link.bearer.whenRoom((outcome) => {
        if (!(outcome instanceof BleError) && !options?.signal?.aborted) {
          link.bearer.writeCommand(this.handle, value);
        }
        done(outcome);
      });
    }, options);
    this.checkLink(); // room also comes when the link is lost, and then the value went nowhere
  }

  /**
   * Subscribes to the values the server sends on its own account, by notification where it offers that, else by
   * indication. Resolves when the server has agreed; the sink is in place before it is asked, so nothing is lost.
   *
   * @param options.signal - Stops waiting; the server is then told that nothing is wanted after all.
   * @throws {@link NotFoundError} The characteristic offers neither, or has no Client Characteristic Configuration.
   * @throws {@link AttError} The server refused.
   * @throws {@link DisconnectedError} The link was lost first.
   */
  async subscribe(options: SubscribeOptions & CallOptions = {}): Promise<Subscription> {
    const { link } = this;
    const bits = this.#bitsFor(options);
    const configuration = this.#configured();
    options.signal?.throwIfAborted();
    if (!link.ready) await link.begin(options);
    this.checkLink();
    const defer = (callback: () => void): void => {
      link.turn.defer(callback);
    };
    const subscription = new Subscription(options, defer, (own) => this.#unsubscribe(own, configuration));
    link.addSink(this.handle, subscription.sink);
    configuration.want(subscription, bits);
    try {
      await promised<undefined>((done) => {
        configuration.settle(done);
      }, options);
    } catch (error) {
      void subscription[Symbol.asyncDispose](); // the caller waits for the error, not for the server to be told
      throw error;
    }
    return subscription;
  }

  /**
   * The values the server sends on its own account. Subscribes when the iteration begins and unsubscribes when it
   * ends. Up to 1024 values wait for a program that is slower than the server; one more ends the iteration with
   * QueueOverflowError.
   *
   * @param options.signal - Aborting makes the iteration throw `signal.reason` at once; the server is told meanwhile.
   * @throws {@link DisconnectedError} The link was lost.
   *
   * @example
   * ```ts
   * for await (const value of measurement.notifications({ signal })) console.log(value);
   * ```
   */
  notifications(options: Omit<SubscribeOptions, "onValue"> & CallOptions = {}): NotificationIterator {
    const subscribe = (signal: AbortSignal): Promise<Subscription> => this.subscribe({ ...options, signal });
    return new NotificationIterator(subscribe, options.signal);
  }

  #bitsFor({ indicate }: SubscribeOptions): number {
    const { notify, indicate: canIndicate } = this.properties;
    if (indicate ? canIndicate : !notify && canIndicate) return Configuration.Indication;
    if (notify && !indicate) return Configuration.Notification;
    const wanted = indicate ? "indications" : "notifications or indications";
    throw new NotFoundError(`characteristic ${this.uuid.toString()} does not offer ${wanted}`);
  }

  #configured(): RemoteConfiguration {
    if (this.#configuration) return this.#configuration;
    throw new NotFoundError(
      `characteristic ${this.uuid.toString()} has no Client Characteristic Configuration`,
    );
  }

  #unsubscribe(subscription: Subscription, configuration: RemoteConfiguration): Promise<void> {
    this.link.removeSink(this.handle, subscription.sink);
    configuration.forget(subscription);
    return new Promise((resolve) => {
      if (this.link.ended) resolve();
      // Should the link go now, or the server refuse: either way no value comes any more.
      else configuration.settle(() => resolve());
    });
  }
}
