import type { AttBearer } from "../att/att.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import { PrepareQueue } from "../att/prepare-queue.ts";
import type { ServerSession } from "../att/serving.ts";
import { insecure, type LinkSecurity } from "../common/security.ts";
import { type AwareClient, Awareness } from "./awareness.ts";
import type { ClientMemory, ClientRecord, ConfigurationRecord } from "./client-memory.ts";
import type { GattPeer } from "./service-builder.ts";

/** Bits of a Client Characteristic Configuration. Vol 3, Part G, 3.3.3.3. */
export const Configuration = { Notification: 0x0001, Indication: 0x0002 } as const;

/** Bits of Client Supported Features. Vol 3, Part G, 7.2. */
export const ClientFeature = {
  RobustCaching: 0x01,
  EnhancedBearers: 0x02,
  MultipleNotifications: 0x04,
} as const;

/** What the host knows of a link that leads to a client. */
export interface ServeOptions {
  /** By default the link is not secure and nobody can make it so. */
  readonly security?: LinkSecurity;
  /** Where a bonded client is remembered. See {@link ServedClient.remember} for one that bonds later. */
  readonly memory?: ClientMemory | undefined;
}

/** What a client needs of the server that serves it. */
export interface ClientServer {
  /** The Database Hash as hex. */
  databaseHash(): string;
  /** The UUID of the characteristic that has its value at a handle and can be subscribed to, with the bits it allows. */
  configurable(valueHandle: number): { readonly uuid: string; readonly allowed: number } | undefined;
  /** A client has subscribed to something else than before. */
  configured(client: ServedClient, valueHandle: number, bits: number): void;
  /** The first bearer to a client is there. */
  arrived(client: ServedClient): void;
}

interface Subscription {
  bits: number;
  /** It comes of an earlier link, and the client has not proved yet to be the one that has asked for it. */
  unproved: boolean;
  /** Values of one characteristic take one bearer as long as it is there, and so keep their order. */
  bearer: AttBearer<ServedClient> | undefined;
}

/** One client of the local server: what it subscribed to and supports, and the bearers that lead to it. */
export class ServedClient implements ServerSession, AwareClient {
  readonly connection: GattPeer;
  readonly security: LinkSecurity;
  readonly prepared: PrepareQueue = new PrepareQueue();
  readonly gate: Awareness;
  readonly #server: ClientServer;
  readonly #bearers: AttBearer<ServedClient>[] = [];
  /** By the handle of the characteristic's value. */
  readonly #subscriptions = new Map<number, Subscription>();
  #features = 0;
  #memory: ClientMemory | undefined;
  /** The Database Hash that the client was aware of last. */
  #knownHash: string | undefined;
  #next = 0;
  /** Encryption was asked for because there is something to tell. */
  #asked = false;
  /** Something is to be saved once the client has proved to be the one that is remembered. */
  #unsaved = false;

  constructor(connection: GattPeer, server: ClientServer, { security, memory }: ServeOptions = {}) {
    this.connection = connection;
    this.#server = server;
    this.security = security ?? insecure(() => new AttError(ErrorCode.InsufficientAuthentication));
    this.gate = new Awareness(this);
    if (memory) this.remember(memory);
    this.security.onChange(() => {
      if (!this.#proved) return;
      this.#resume();
      if (this.#unsaved) this.#save();
    });
  }

  /** The bearer that was there first; `undefined` once the client is gone. */
  get bearer(): AttBearer<ServedClient> | undefined {
    return this.#bearers[0];
  }

  get bearerCount(): number {
    return this.#bearers.length;
  }

  /** One more way to the client. */
  attach(bearer: AttBearer<ServedClient>): void {
    this.#bearers.push(bearer);
    if (this.#bearers.length === 1) this.#server.arrived(this);
  }

  /** One bearer is gone, or all of them. With the last one goes what the client had prepared (3.4.6.1). */
  detach(bearer?: AttBearer<ServedClient>): void {
    for (const gone of bearer ? [bearer] : [...this.#bearers]) {
      const at = this.#bearers.indexOf(gone);
      if (at >= 0) this.#bearers.splice(at, 1);
      this.gate.forget(gone);
    }
    if (this.#bearers.length > 0) return;
    this.prepared.clear();
    for (const handle of [...this.#subscriptions.keys()]) {
      const told = this.subscription(handle);
      this.#subscriptions.delete(handle);
      if (told !== 0) this.#server.configured(this, handle, 0);
    }
  }

  /** The first octet of its Client Supported Features. */
  get features(): number {
    return this.#features;
  }

  set features(features: number) {
    this.#features = features;
    this.#save();
  }

  get robustCaching(): boolean {
    return (this.#features & ClientFeature.RobustCaching) !== 0;
  }

  /** Its Client Characteristic Configuration of the characteristic with that value; 0 where there is none. */
  configuration(valueHandle: number): number {
    return this.#subscriptions.get(valueHandle)?.bits ?? 0;
  }

  /**
   * What of it counts: nothing of what a bonded client has asked for on an earlier link, until this one is encrypted with
   * the bond's key. Who has but its address gets none of its values. Vol 3, Part C, 10.3.1.1.
   */
  subscription(valueHandle: number): number {
    const subscription = this.#subscriptions.get(valueHandle);
    return !subscription || subscription.unproved ? 0 : subscription.bits;
  }

  /** Whether it stands as asked for, but does not count yet: see {@link subscription}. */
  unproved(valueHandle: number): boolean {
    return this.#subscriptions.get(valueHandle)?.unproved ?? false;
  }

  /** The client has written it, on this link. */
  configure(valueHandle: number, bits: number): void {
    const subscription = this.#subscriptions.get(valueHandle);
    if ((subscription?.bits ?? 0) === bits && !subscription?.unproved) return;
    this.#configured(valueHandle, bits);
    this.#save();
  }

  /**
   * The bearer for a value of that characteristic, `undefined` when the client has not subscribed in any of the ways of
   * `bits`, or is gone.
   *
   * @param force - Also when it has not subscribed.
   */
  route(valueHandle: number, bits: number, force = false): AttBearer<ServedClient> | undefined {
    const subscription = this.#subscriptions.get(valueHandle);
    if (!subscription) return force ? this.#bearers[0] : undefined;
    if (((subscription.bits & bits) === 0 || subscription.unproved) && !force) return undefined;
    const { bearer } = subscription;
    return bearer?.open ? bearer : (subscription.bearer = this.#pick());
  }

  /**
   * There is a value for it that an unencrypted link must not carry, and that it has asked for on an earlier one: "the
   * server shall initiate or request encryption". Once on a link. Vol 3, Part C, 10.3.1.1.
   */
  needsEncryption(valueHandle: number): void {
    if (this.#asked || !this.unproved(valueHandle) || !this.security.hasKey) return;
    this.#asked = true;
    this.security.raise({ encrypted: true }, () => undefined); // onChange tells when it is
  }

  /** Sends the values of that characteristic on this bearer from now on. */
  settle(valueHandle: number, bearer: AttBearer<ServedClient>): void {
    const subscription = this.#subscriptions.get(valueHandle);
    if (subscription) subscription.bearer = bearer;
  }

  /** Attributes were removed: what the client has to do with them is forgotten. */
  forget(start: number, end: number): void {
    this.prepared.forget(start, end);
    for (const handle of [...this.#subscriptions.keys()]) {
      if (handle >= start && handle <= end) this.#subscriptions.delete(handle);
    }
  }

  /** The database is another from now on. What is remembered says which one the client knew. */
  databaseChanged(): void {
    this.gate.changed();
    this.#save();
  }

  becameAware(): void {
    this.#save();
  }

  /** The client has bonded, now or long ago: takes up what is remembered of it, and remembers what changes. */
  remember(memory: ClientMemory): void {
    this.#memory = memory;
    const record = memory.load();
    if (record) this.#restore(record);
    if (!record || this.#bearers.length > 0) this.#save(); // it may have subscribed before it bonded
  }

  #restore({ configurations, features, databaseHash }: ClientRecord): void {
    this.#features |= features;
    this.#knownHash = databaseHash;
    if (databaseHash !== this.#server.databaseHash()) this.gate.changed();
    for (const { handle, uuid, bits } of configurations) {
      if (this.#subscriptions.has(handle)) continue; // what it has asked for on this link is newer
      const found = this.#server.configurable(handle);
      if (found?.uuid !== uuid || (bits & ~found.allowed) !== 0) continue;
      this.#subscriptions.set(handle, { bits, unproved: true, bearer: undefined });
    }
    if (this.#proved) this.#resume();
  }

  /** Whether the link is encrypted with the key of the bond. */
  get #proved(): boolean {
    const { encrypted, bonded } = this.security.state;
    return encrypted && bonded;
  }

  /** The client is the one that has subscribed on an earlier link. */
  #resume(): void {
    for (const [handle, subscription] of this.#subscriptions) {
      if (!subscription.unproved) continue;
      subscription.unproved = false;
      this.#server.configured(this, handle, subscription.bits);
    }
  }

  #configured(valueHandle: number, bits: number): void {
    const subscription = this.#subscriptions.get(valueHandle);
    if (subscription) {
      subscription.bits = bits;
      subscription.unproved = false;
    } else this.#subscriptions.set(valueHandle, { bits, unproved: false, bearer: undefined });
    this.#server.configured(this, valueHandle, bits);
  }

  #pick(): AttBearer<ServedClient> | undefined {
    if (this.#bearers.length === 0) return undefined;
    this.#next = (this.#next + 1) % this.#bearers.length;
    return this.#bearers[this.#next];
  }

  /** Not what anybody does who has but the address of a bonded client: a link without its keys proves nothing. */
  #save(): void {
    this.#unsaved = this.security.hasKey && !this.#proved;
    if (!this.#memory || this.#unsaved) return;
    if (this.gate.aware) this.#knownHash = this.#server.databaseHash();
    const configurations: ConfigurationRecord[] = [];
    for (const [handle, { bits }] of this.#subscriptions) {
      const uuid = this.#server.configurable(handle)?.uuid;
      if (bits !== 0 && uuid !== undefined) configurations.push({ handle, uuid, bits });
    }
    const record = { configurations, features: this.#features };
    this.#memory.save(this.#knownHash === undefined ? record : { ...record, databaseHash: this.#knownHash });
  }
}
