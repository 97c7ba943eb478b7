import type { Requester } from "../att/client-bearer.ts";
import { signatureSize } from "../att/signing.ts";
import { requireOctets } from "../common/bytes.ts";
import { BleError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import { checkCommandOptions, checkNotificationsKinds } from "./call-options.ts";
import { type CharacteristicProperties, GattType, propertyList } from "./declaration.ts";
import { NoSigningKeyError, NotFoundError } from "./error.ts";
import { NotificationIterator } from "./notification-iterator.ts";
import { RemoteConfiguration } from "./remote-configuration.ts";
import type { CharacteristicData } from "./remote-database.ts";
import { RemoteDescriptor, type RemoteLink, RemoteValue, type Standing } from "./remote-value.ts";
import { Configuration } from "./served-client.ts";
import { checkSubscribeOptions, type SubscribeOptions, Subscription } from "./subscription.ts";

/** How to write without an answer. */
export interface CommandOptions extends CallOptions {
  /**
   * Signed with the key that the bond has for it. On an encrypted link the value goes without a signature, which it
   * then does not need.
   */
  readonly signed?: boolean;
}

/** A characteristic of the server. Its identity is the handle: a server may have several with one UUID. */
export class RemoteCharacteristic extends RemoteValue {
  readonly properties: CharacteristicProperties;
  readonly declarationHandle: number;
  readonly descriptors: readonly RemoteDescriptor[];
  /** @internal What was discovered. */
  readonly data: CharacteristicData;
  readonly #configuration: RemoteConfiguration | undefined;
  /** The client itself, once it wants values for its own needs. */
  #watcher: object | undefined;

  /** @internal Made by discovery. */
  constructor(data: CharacteristicData, link: RemoteLink) {
    super(data.uuid, data.valueHandle, link);
    this.data = data;
    this.properties = data.properties;
    this.declarationHandle = data.declarationHandle;
    this.descriptors = data.descriptors.map(({ uuid, handle }) => new RemoteDescriptor(uuid, handle, link));
    const type = GattType.ClientCharacteristicConfiguration;
    const configuration = this.descriptors.find(({ uuid }) => uuid.equals(type));
    this.#configuration = configuration && new RemoteConfiguration(configuration);
  }

  override toString(): string {
    return `${super.toString()} (${propertyList(this.properties).join(", ")})`;
  }

  /** @internal */
  override get label(): string {
    return `characteristic ${this.uuid.toString()}`;
  }

  /** @internal Its descriptors stand and fall with it. */
  stand(standing: Standing): void {
    this.standing = standing;
    for (const descriptor of this.descriptors) descriptor.standing = standing;
  }

  /** @internal Whether the program waits for values of it. */
  get watched(): boolean {
    return this.#configuration?.wantedBesides(this.#watcher) ?? false;
  }

  /**
   * @internal It is still there after a change of the server's services, but the server may have forgotten who has
   * subscribed: it is told again, and the subscriptions end where it refuses. Vol 3, Part G, 2.5.2.
   */
  renew(): void {
    const configuration = this.#configuration;
    if (!configuration || !this.watched) return;
    configuration.doubt();
    // Not by a request that mends what it can: a server that never agrees would go on for ever.
    configuration.settle((outcome) => {
      if (outcome) this.link.sinks.end(this.handle, outcome);
    }, this.link.commands);
  }

  /** @internal For the client's own needs: has the server indicate values, if it can. */
  watch(watcher: object, requester: Requester, done: Done<undefined>): void {
    const configuration = this.#configuration;
    this.#watcher = watcher;
    if (configuration && this.properties.indicate) {
      configuration.want(watcher, Configuration.Indication);
      configuration.settle(done, requester);
    } else done(undefined);
  }

  /**
   * Writes without an answer (Vol 3, Part G, 4.9.1 and 4.9.2). Waits while too much is queued: `await` it, and the
   * program goes as fast as the radio.
   *
   * @param value - At most {@link maxWriteLength} octets, 12 fewer where it is signed; not to be changed until the
   *   promise settles.
   * @param options.signal - Aborting keeps a value that still waits for room from being sent.
   * @throws {@link DisconnectedError} The link was lost first.
   * @throws {@link BackPressureError} 1024 values wait already, because nobody awaits them.
   * @throws {@link RangeError} The value is too long.
   * @throws {@link NotFoundError} The characteristic does not offer it.
   * @throws {@link NoSigningKeyError} It is to be signed, and there is no key for that.
   * @throws {@link StaleAttributeError} The server's services have changed, and this is no longer among them.
   */
  async writeWithoutResponse(value: Uint8Array, options?: CommandOptions): Promise<void> {
    requireOctets(value);
    checkCommandOptions(options);
    const { link } = this;
    this.#checkOffered(options?.signed === true);
    options?.signal?.throwIfAborted();
    for (let sent = false; !sent;) {
      if (this.standing !== "known") await this.checkStanding(options);
      const signed = options?.signed === true && !link.encrypted;
      this.#checkLength(value, signed ? this.maxWriteLength - signatureSize : this.maxWriteLength);
      this.#checkLink();
      if (link.commands.hasRoom) {
        const failure = this.#send(value, signed);
        if (failure) throw failure;
        return;
      }
      sent = await this.#sendLater(value, signed, options);
    }
    this.#checkLink(); // room also comes when the link is lost, and then the value went nowhere
  }

  /**
   * Subscribes to the values the server sends on its own account, by notification where it offers that, else by
   * indication. Resolves when the server has agreed; the sink is in place before it is asked, so nothing is lost.
   *
   * @param options.signal - Stops waiting; the server is then told that nothing is wanted after all.
   * @throws {@link NotFoundError} The characteristic offers neither, or has no Client Characteristic Configuration.
   * @throws {@link AttError} The server refused.
   * @throws {@link DisconnectedError} The link was lost first.
   * @throws {@link RangeError} `capacity` is no number of values.
   */
  async subscribe(options: SubscribeOptions & CallOptions = {}): Promise<Subscription> {
    const { link } = this;
    checkSubscribeOptions(options);
    const bits = this.#bitsFor(options);
    const configuration = this.#configured();
    options.signal?.throwIfAborted();
    if (this.standing !== "known") await this.checkStanding(options);
    this.#checkLink();
    const capacity = options.capacity ?? link.capacity;
    const subscription = new Subscription(
      capacity === undefined ? options : { ...options, capacity },
      link.turn,
      (own) => this.#unsubscribe(own, configuration),
    );
    link.sinks.add(this.handle, subscription.sink);
    configuration.want(subscription, bits);
    try {
      await promised<undefined>((done) => {
        configuration.settle(done);
      }, options);
    } catch (error) {
      void subscription[Symbol.asyncDispose](); // the caller waits for the error, not for the server to be told
      throw error;
    }
    link.awaitValues();
    return subscription;
  }

  /**
   * The values the server sends on its own account. Subscribes when the iteration begins and unsubscribes when it
   * ends. Up to `capacity` values wait for a program that is slower than the server; one more ends the iteration with
   * QueueOverflowError.
   *
   * @param options.signal - Aborting makes the iteration throw `signal.reason` at once; the server is told meanwhile.
   * @throws {@link DisconnectedError} The link was lost.
   * @throws {@link TypeError} An option is none: at once.
   *
   * @example
   * ```ts
   * for await (const value of measurement.notifications({ signal })) console.log(value);
   * ```
   */
  notifications(options: Omit<SubscribeOptions, "onValue"> & CallOptions = {}): NotificationIterator {
    checkNotificationsKinds(options);
    const subscribe = (signal: AbortSignal): Promise<Subscription> => this.subscribe({ ...options, signal });
    return new NotificationIterator(subscribe, options.signal);
  }

  /** @returns False when the server's services have changed meanwhile, and nothing was sent. */
  #sendLater(value: Uint8Array, signed: boolean, options: CallOptions | undefined): Promise<boolean> {
    const { commands } = this.link;
    return promised<boolean>((done) => {
      commands.whenRoom((outcome) => {
        if (outcome) done(outcome);
        else if (options?.signal?.aborted) done(true);
        else if (this.standing !== "known" && !this.link.ended) done(false);
        else done(this.#send(value, signed) ?? true);
      });
    }, options);
  }

  #send(value: Uint8Array, signed: boolean): NoSigningKeyError | undefined {
    const { commands, ended } = this.link;
    if (!signed) commands.writeCommand(this.handle, value);
    else if (!commands.signedWriteCommand(this.handle, value) && !ended) return new NoSigningKeyError();
    return undefined;
  }

  #checkOffered(signed: boolean): void {
    if (signed ? this.properties.signedWrite : this.properties.writeWithoutResponse) return;
    const what = signed ? "signed writes" : "writing without response";
    throw new NotFoundError(`characteristic ${this.uuid.toString()} does not offer ${what}`);
  }

  /** @throws {@link RangeError} One command does not carry so many octets. */
  #checkLength(value: Uint8Array, most: number): void {
    if (value.length <= most) return;
    throw new RangeError(`${value.length} octets: one such write carries at most ${most} (maxWriteLength)`);
  }

  /** @throws The reason why nothing can be sent any more. */
  #checkLink(): void {
    if (this.link.ended) throw this.link.ended;
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

  async #unsubscribe(subscription: Subscription, configuration: RemoteConfiguration): Promise<void> {
    this.link.sinks.remove(this.handle, subscription.sink);
    configuration.forget(subscription);
    try {
      if (this.standing !== "known") await this.checkStanding();
    } catch (error) {
      if (error instanceof BleError) return; // there is nothing any more to unsubscribe from
      throw error;
    }
    await new Promise<void>((resolve) => {
      if (this.link.ended) resolve();
      // Should the link go now, or the server refuse: either way no value comes any more.
      else configuration.settle(() => resolve());
    });
  }
}
