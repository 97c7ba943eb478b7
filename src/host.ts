import { EventEmitter } from "node:events";
import { Address } from "./common/address.ts";
import type { BleError } from "./common/errors.ts";
import { shownAsText } from "./common/inspect.ts";
import { load } from "./common/loading.ts";
import type { CallOptions } from "./common/promised.ts";
import type { Advertising } from "./gap/advertising.ts";
import type { AdvertiseOptions } from "./gap/advertising-plan.ts";
import type { Agents } from "./gap/agents.ts";
import type { Bonds } from "./gap/bonds.ts";
import type { ChannelListener, ListenOptions } from "./gap/channel-listener.ts";
import type { ConnectOptions } from "./gap/connect-options.ts";
import type { Connection } from "./gap/connection.ts";
import { UnavailableError } from "./gap/error.ts";
import type { Found } from "./gap/found.ts";
import type { HostConfiguration } from "./gap/configuration.ts";
import type { EncryptedDataKey } from "./gap/encrypted-advertising.ts";
import type { HostCore, HostUser } from "./gap/host-core.ts";
import type { ConfigureOptions, HostOptions } from "./gap/host-options.ts";
import { withAdvice } from "./gap/open-advice.ts";
import type { PeriodicSync } from "./gap/periodic-sync.ts";
import type { RawHci } from "./gap/raw-hci.ts";
import type { Scan, ScanOptions } from "./gap/scan.ts";
import { claimTransport } from "./gap/transport-claim.ts";
import type { PeriodicAdvertiserId, SyncOptions, SyncPeriodicOptions } from "./gap/synchronizer.ts";
import type { GattServer } from "./gatt/server.ts";
import type { ControllerInfo } from "./hci/start-up.ts";
import type { HciTransport } from "./hci/transport.ts";
import type { OobData } from "./smp/oob-data.ts";
import { openTransport } from "../transports/open-transport.ts";

/** What the program can observe of a host. */
export interface HostEvents {
  /** A link has come up, in either role. */
  connected: [connection: Connection];
  /** A peer has forgotten this host, or another claims to be that peer: see `ConnectionEvents`. */
  bondLost: [connection: Connection];
  /** A peer has written the Device Name, as `gap.writableName` allows it. Vol 3, Part C, 12.1. */
  nameChanged: [name: string, connection: Connection];
  /** A peer has written the Appearance, as `gap.writableAppearance` allows it. Vol 3, Part C, 12.2. */
  appearanceChanged: [appearance: number, connection: Connection];
  /** A packet was dropped because it could not be understood, or a handler of the program failed. */
  fault: [error: unknown];
  /**
   * The controller had failed or fallen silent and was reset: links are gone, scans and advertising go on. `cause` is
   * what everything was rejected with that waited for it.
   */
  recovered: [cause: BleError];
  /** The host is closed. `error` tells why, unless the program closed it. */
  closed: [error: BleError | undefined];
}

/**
 * A Bluetooth LE host on one controller, in every role at once.
 *
 * Nothing is global: a program may have as many as it has controllers. Closing it, with `await using` or when the
 * controller goes away, ends its scans, advertising and connections and rejects everything that waits.
 */
export class Host extends EventEmitter<HostEvents> implements AsyncDisposable {
  /** Whether peers may begin to pair; what the program begins is never refused for it. */
  pairable = true;
  readonly #core: HostCore;

  private constructor(core: (user: HostUser) => HostCore) {
    if (typeof (core as unknown) !== "function") throw new TypeError("use await Host.open(transport)");
    super();
    this.#core = core(this.#user());
  }

  /**
   * Resets the controller behind a transport, learns what it can do, and makes it ready for use.
   *
   * The host owns the transport from now on, also when this fails; but for one that another host has.
   *
   * @param where - A transport, or the name of one, such as `hci:0` or `serial:/dev/ttyACM0?preset=nrf52`: see
   *   {@link openTransport}.
   * @param options.signal - Gives up; the transport is closed.
   * @throws {@link TransportError} The transport cannot be opened, failed or ended, or another host has it.
   * @throws {@link SyntaxError} The name is none of a transport.
   * @throws {@link HciError} The controller refused something it has to know.
   * @throws {@link CommandTimeoutError} The controller does not answer.
   * @throws {@link UnavailableError} The controller has no public address to use.
   * @throws {@link RangeError} An option is out of its range.
   * @throws {@link TypeError} There is no such option, or it is of another kind.
   */
  static async open(where: HciTransport | string, options: HostOptions = {}): Promise<Host> {
    let owned: AsyncDisposable | undefined;
    if (typeof where !== "string") claimTransport((owned = where));
    try {
      // The stack itself is loaded with the first host: who only encodes and decodes does without.
      const stack = Promise.all([import("./gap/host-core.ts"), import("./gap/host-options.ts")]);
      const [{ HostCore }, { checkHostOptions }] = await load(stack);
      checkHostOptions(options);
      options.signal?.throwIfAborted();
      const transport = typeof where === "string" ? await openTransport(where, options) : where;
      owned = transport;
      const host = new Host((user) => new HostCore(transport, options, user));
      owned = host;
      await host.#core.start();
      return host;
    } catch (error) {
      // What the program must know is why it has no host; that the transport does not close well comes of it.
      await Promise.resolve(owned?.[Symbol.asyncDispose]()).catch(() => undefined);
      throw withAdvice(error, where);
    }
  }

  static {
    shownAsText(Host.prototype);
  }

  /** What `console.log` shows. */
  override toString(): string {
    const state = this.#core.ended ? "closed" : `${this.connections.length} connections`;
    return this.#core.started ? `${this.address.toString()} (${state})` : "(not open)";
  }

  /** What the controller is and can do. */
  get controller(): ControllerInfo {
    return this.#core.controller;
  }

  /** The controller itself, for commands and events that the host has no part in. */
  get hci(): RawHci {
    return this.#core.hci;
  }

  /** The services this host offers to its peers. */
  get gatt(): GattServer {
    return this.#core.gatt;
  }

  /** The address that others see: the identity, or with `privacy` one that changes. */
  get address(): Address {
    return this.#core.address;
  }

  /** The address that stays the same, by which peers with a bond know this host: public or random static. */
  get identity(): Address {
    return this.#core.identity;
  }

  /** How the host is set up now, as far as {@link configure} may change it: a copy. */
  get configuration(): HostConfiguration {
    return this.#core.configuration.current;
  }

  /** Who is asked when a pairing needs a person. */
  get agents(): Agents {
    return this.#core.security.agents;
  }

  /** The peers that this host has bonds with. */
  get bonds(): Bonds {
    return this.#core.security.bonds;
  }

  /** The links that exist now, in both roles. */
  get connections(): readonly Connection[] {
    return this.#core.connections.all;
  }

  /**
   * Sets up anew what may change while the host is open: all that is given, or nothing where one of it cannot be.
   *
   * The name and the appearance are in the GAP service at once; what is being advertised is the advertising's own. `mtu`
   * holds for links that have not exchanged it yet, `pairing` for pairings that begin, `io` for agents that are registered,
   * `receiveBuffer` for scans and subscriptions that begin. Another address (`addressType`, `privacy`) is used once
   * scans, advertising and attempts to connect are interrupted for it; then they go on, and links keep the address that
   * they were made with. Peers with a bond know the host by `identity`, which another `addressType` changes.
   *
   * @returns Resolves when it is so.
   * @throws {@link TypeError} An option cannot be changed, or is of the wrong kind.
   * @throws {@link RangeError} An option is out of its range; the message names it.
   * @throws {@link UnavailableError} The controller has no public address, or peers were told of `privacy`.
   * @throws {@link HciError} The controller refused the address.
   *
   * @example
   * ```ts
   * await host.configure({ name: "lamp in the hall", pairing: { mitm: true } });
   * ```
   */
  async configure(options: ConfigureOptions): Promise<void> {
    await this.#core.configuration.configure(options);
  }

  /**
   * Uses another key of encrypted advertising data, which peers read in the GAP service (`gap.encryptedDataKey`), and
   * indicates it to those who subscribed. Vol 3, Part C, 12.6.
   *
   * @throws {@link UnavailableError} The host was opened without such a key.
   * @throws {@link RangeError} A part of the key has another length.
   * @throws {@link AttTimeoutError} A peer did not confirm within 30 s.
   */
  async changeDataKey(key: EncryptedDataKey): Promise<void> {
    await this.#core.changeDataKey(key);
  }

  /**
   * Listens for advertisers. Scanning begins with the iteration and ends with it; several scans share the radio.
   * Results wait for a slow program, up to `capacity` of them, else `receiveBuffer`; then the oldest is dropped and
   * counted in `dropped`. A scan that the controller cannot do beside what it is at throws {@link UnavailableError}.
   *
   * @throws {@link RangeError} An option is out of its range.
   * @throws {@link SyntaxError} A UUID or an address to look for is none.
   *
   * @example
   * ```ts
   * for await (const found of host.scan({ services: ["180d"], signal })) console.log(found.name, found.address);
   * ```
   */
  scan(options: ScanOptions = {}): Scan {
    return this.#core.radio.scanner.scan(options, this.#core.configuration.settings.receiveBuffer);
  }

  /**
   * Connects as central. Several attempts go on at once; scanning and advertising pause meanwhile where the controller
   * cannot do both. Attempts share what the first asks of its link: see {@link ConnectOptions}.
   * Asked for twice, a peer is connected to once. A link that is not established (0x3E) is tried again.
   *
   * @param peer - An address, also as text (`C0:FF:EE:00:00:01/random`), or what a scan has found.
   * @param options.signal - Calls the attempt off; the promise rejects once the controller has stopped trying.
   * @throws {@link ConnectTimeoutError} The peer did not answer in time.
   * @throws {@link UnavailableError} There is such a link already, or the controller connects to nobody beside those there are.
   * @throws {@link HciError} The controller refused.
   * @throws {@link RangeError} An option is out of its range.
   * @throws {@link SyntaxError} The address is none.
   */
  async connect(
    peer: Address | string | Found,
    options: ConnectOptions & CallOptions = {},
  ): Promise<Connection> {
    const address = Address.from(peer instanceof Address || typeof peer !== "object" ? peer : peer.address);
    const { privacy } = this.#core;
    const who = privacy.identityOf(address) ?? address;
    const known = ({ role, peerAddress, peerIdentity }: Connection): boolean =>
      role === "central" && (peerAddress.equals(address) || peerIdentity.equals(who));
    if (this.connections.some(known)) {
      throw new UnavailableError(`${address.toString()} is connected already: see host.connections`);
    }
    const bonded = peer instanceof Address || typeof peer === "string" ? this.bonds.get(address) : undefined;
    // What a scan has found is where it is now; of an identity only its controller may know which address it uses today.
    const mustBeSought = bonded?.resolvable && bonded.identity.equals(address) && !privacy.finds(address);
    return mustBeSought
      ? this.#core.seek(address, options)
      : this.#core.radio.initiator.connect(address, options);
  }

  /**
   * Advertises until the result is disposed of: with the extended commands as many at a time as the controller has sets,
   * else one. Resolves when the radio is at it. Where the controller cannot do both, connectable advertising is silent
   * while the host connects, and what is begun then waits. A name that fits neither packet is sent shortened.
   *
   * @param options.signal - Gives up waiting for the radio.
   * @throws {@link RangeError} Something does not fit into advertising data and scan response (31 octets each in legacy
   *   advertising), or is out of its range; the message names it.
   * @throws {@link UnavailableError} The controller cannot do it, or not beside what it is at: the message says which.
   * @throws {@link HciError} The controller refused, for instance because it has as many links as it can hold.
   */
  advertise(options: AdvertiseOptions = {}): Promise<Advertising> {
    return this.#core.radio.advertiser.advertise(options);
  }

  /**
   * Takes the credit-based channels that peers open to an SPSM, of both kinds, on every link there is and will be. The
   * iteration ends when this program closes the host, and throws when the controller is lost.
   *
   * @throws {@link SpsmTakenError} Somebody listens there already, or every dynamic SPSM is taken.
   * @throws {@link RangeError} An option is out of its range.
   * @throws {@link TypeError} There is no such option, or it is of another kind.
   *
   * @example
   * ```ts
   * for await (const channel of host.listen({ spsm: 0x80 })) void serve(channel); // each is a task of its own
   *
   * async function serve(channel: Channel): Promise<void> {
   *   try {
   *     for await (const sdu of channel) console.log(sdu.length, "octets");
   *   } catch (error) {
   *     if (!(error instanceof BleError)) throw error; // the link is gone, or the channel: the others go on
   *   }
   * }
   * ```
   */
  listen(options: ListenOptions = {}): ChannelListener {
    return this.#core.listeners.listen(options);
  }

  /**
   * Synchronises with a periodic advertiser, which a scan has found. Several attempts wait for each other.
   *
   * @param options.signal - Calls the attempt off; the promise rejects once the controller has stopped trying.
   * @throws {@link SyncTimeoutError} It was not found in time.
   * @throws {@link RangeError} An option is out of its range, or the advertiser has no set number.
   * @throws {@link HciError} The controller refused.
   */
  async syncPeriodic(
    advertiser: PeriodicAdvertiserId,
    options: SyncPeriodicOptions = {},
  ): Promise<PeriodicSync> {
    this.#requirePeriodic();
    return this.#core.radio.synchronizer.sync(advertiser, options);
  }

  /**
   * Takes the periodic advertisers that a peer tells of; each comes synchronised. Leaving the loop ends it.
   *
   * @throws {@link HciError} The controller refused.
   */
  async acceptPeriodicSyncs(
    from: Connection,
    options: SyncOptions & CallOptions = {},
  ): Promise<AsyncIterableIterator<PeriodicSync, undefined>> {
    this.#requirePeriodic();
    return this.#core.radio.synchronizer.acceptFrom(from, options);
  }

  /**
   * Fresh values to give to a peer out of band: by NFC, as a QR code (`oobDataToText`), by cable. They serve for one
   * pairing, take the place of those before, and are lost when the host closes. Vol 3, Part H, 2.3.5.6.4.
   */
  oobData(): OobData {
    return this.#core.security.localOob.generate(this.address);
  }

  /**
   * Closes everything and the transport with it. Safe at any time, and more than once.
   *
   * What waits is rejected at once; then the peers are told, the controller is reset, and the transport is closed.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#core.close();
  }

  #requirePeriodic(): void {
    if (this.controller.capabilities.supportsPeriodicAdvertising) return;
    throw new UnavailableError("this controller has no periodic advertising");
  }

  #user(): HostUser {
    return {
      connected: (connection) => {
        this.#tell("connected", connection);
      },
      bondLost: (connection) => {
        this.#tell("bondLost", connection);
      },
      fault: (error) => {
        this.#tell("fault", error);
      },
      handlerFailed: (error) => {
        if (this.listenerCount("fault") > 0) this.#tell("fault", error);
        else process.emitWarning(error instanceof Error ? error : String(error)); // a mistake must not pass unseen
      },
      recovered: (cause) => {
        this.#tell("recovered", cause);
      },
      written: ({ name, appearance }, connection) => {
        if (name !== undefined) this.#tell("nameChanged", name, connection);
        if (appearance !== undefined) this.#tell("appearanceChanged", appearance, connection);
      },
      closed: (error) => {
        this.#tell("closed", error);
      },
      pairable: () => this.pairable,
    };
  }

  /** Events reach the program at the end of the turn, when the stack is at rest. */
  #tell<K extends keyof HostEvents>(name: K, ...values: HostEvents[K]): void {
    this.#core.turn.defer(() => {
      (this.emit as (name: K, ...values: HostEvents[K]) => boolean).call(this, name, ...values);
    });
  }
}
