import { EventEmitter } from "node:events";
import { Address } from "./common/address.ts";
import { type Clock, systemClock } from "./common/clock.ts";
import { type BleError, HostClosedError } from "./common/errors.ts";
import { run } from "./common/procedure.ts";
import { type CallOptions, promised, reasonOf } from "./common/promised.ts";
import { type Random, systemRandom } from "./common/random.ts";
import { Turn } from "./common/turn.ts";
import { mostMtu, defaultMtu } from "./att/att.ts";
import { type AdvertiseOptions, Advertiser, type Advertising } from "./gap/advertiser.ts";
import type { Connection } from "./gap/connection.ts";
import { connectionEvents, Connections } from "./gap/connections.ts";
import { generateStaticAddress } from "./gap/device-address.ts";
import type { Found } from "./gap/found.ts";
import { type ConnectOptions, Initiator } from "./gap/initiator.ts";
import { Scanner, type ScanOptions } from "./gap/scanner.ts";
import { addStandardServices } from "./gap/standard-services.ts";
import type { LocalCharacteristic } from "./gatt/local-characteristic.ts";
import { GattServer } from "./gatt/server.ts";
import { LeAdvertisingReport } from "./hci/events/le-advertising.ts";
import { Hci } from "./hci/hci.ts";
import { type ControllerInfo, startUp } from "./hci/start-up.ts";
import { Status } from "./hci/status.ts";
import type { HciTransport } from "./hci/transport.ts";

/** What a host is told when it opens; all of it has a default. */
export interface HostOptions extends CallOptions {
  /** The Device Name of the GAP service. Default `"jelling"`. */
  readonly name?: string;
  /** The Appearance of the GAP service. Assigned Numbers, 2.6. Default 0, unknown. */
  readonly appearance?: number;
  /** The most octets of an ATT PDU that this host receives, 23 to 517. Default 517. */
  readonly mtu?: number;
  /**
   * Which address others see: the controller's public one, or a random static one. Default public where the controller
   * has one.
   */
  readonly addressType?: "public" | "random";
  /** The random static address, `C0:FF:EE:00:00:01/random`. Default: a fresh one each time. */
  readonly randomAddress?: Address | string;
  /** Where time comes from. Default: the operating system. */
  readonly clock?: Clock;
  /** Where chance comes from. Default: the operating system. */
  readonly random?: Random;
}

/** What the program can observe of a host. */
export interface HostEvents {
  /** A link has come up, in either role. */
  connected: [connection: Connection];
  /** A packet was dropped because it could not be understood, or a handler of the program failed. */
  fault: [error: unknown];
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
  /** The services this host offers to its peers. */
  readonly gatt: GattServer;
  readonly #transport: HciTransport;
  readonly #turn = new Turn();
  readonly #hci: Hci;
  readonly #connections: Connections;
  readonly #scanner: Scanner;
  readonly #initiator: Initiator;
  readonly #advertiser: Advertiser;
  readonly #serviceChanged: LocalCharacteristic;
  readonly #options: HostOptions;
  #controller: ControllerInfo | undefined;
  #closed = false;
  #closing: Promise<void> | undefined;

  private constructor(transport: HciTransport, options: HostOptions) {
    super();
    const systemTime = options.clock ?? systemClock;
    const turn = this.#turn;
    const clock = inTurns(systemTime, turn);
    this.#options = options;
    this.#transport = transport;
    this.#hci = new Hci(transport, clock, turn, {
      fault: (error) => {
        this.#tell("fault", error);
      },
      ended: (error) => {
        this.#end(error);
      },
    });
    const ownAddressType = (): number => (this.address.type === "random" ? 1 : 0);
    this.gatt = new GattServer(
      turn,
      (error) => {
        this.#tell("fault", error);
      },
      (start, end) => {
        this.#servicesChanged(start, end);
      },
    );
    const { name = "jelling", appearance = 0, mtu = mostMtu } = options;
    this.#scanner = new Scanner(this.#hci, clock, turn, ownAddressType);
    this.#initiator = new Initiator(this.#hci, clock, this.#scanner, ownAddressType);
    this.#advertiser = new Advertiser(this.#hci, turn, ownAddressType);
    this.#connections = new Connections(
      { hci: this.#hci, clock, turn, server: this.gatt, mtu },
      this.#links(),
    );
    this.#serviceChanged = addStandardServices(this.gatt, { name, appearance });
    transport.start(this.#hci);
  }

  /**
   * Resets the controller behind a transport, learns what it can do, and makes it ready for use.
   *
   * The host owns the transport from now on, also when this fails.
   *
   * @throws {@link TransportError} The transport failed or ended.
   * @throws {@link HciError} The controller refused something it has to know.
   * @throws {@link CommandTimeoutError} The controller does not answer.
   * @throws {@link RangeError} An option is out of its range.
   */
  static async open(transport: HciTransport, options: HostOptions = {}): Promise<Host> {
    let host: Host | undefined;
    try {
      checkOptions(options);
      host = new Host(transport, options);
      await host.#startUp();
      return host;
    } catch (error) {
      if (host) await host[Symbol.asyncDispose]();
      else await transport[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What the controller is and can do. */
  get controller(): ControllerInfo {
    if (!this.#controller) throw new Error("the host is not open"); // nobody has it before start-up has ended
    return this.#controller;
  }

  /** The address that others see. */
  get address(): Address {
    const { publicAddress, randomAddress } = this.controller;
    const type = this.#options.addressType ?? (publicAddress === 0 ? "random" : "public");
    return new Address(type, type === "public" ? publicAddress : randomAddress);
  }

  /** The links that exist now, in both roles. */
  get connections(): readonly Connection[] {
    return this.#connections.all;
  }

  /**
   * Listens for advertisers. Scanning begins with the iteration and ends with it; several scans share the radio.
   * Results wait for a slow program, up to 256 of them; then the oldest is dropped.
   *
   * @throws {@link RangeError} An option is out of its range.
   *
   * @example
   * ```ts
   * for await (const found of host.scan({ services: ["180d"], signal })) console.log(found.name, found.address);
   * ```
   */
  scan(options: ScanOptions = {}): AsyncGenerator<Found, void, undefined> {
    return this.#scanner.scan(options);
  }

  /**
   * Connects as central. Attempts wait for each other; scanning pauses meanwhile.
   *
   * @param peer - An address, also as text (`C0:FF:EE:00:00:01/random`), or what a scan has found.
   * @param options.signal - Calls the attempt off; the promise rejects once the controller has stopped trying.
   * @throws {@link ConnectTimeoutError} The peer did not answer in time.
   * @throws {@link HciError} The controller refused, for instance because there is such a link already.
   */
  async connect(
    peer: Address | string | Found,
    options: ConnectOptions & CallOptions = {},
  ): Promise<Connection> {
    const address = typeof peer === "object" && "address" in peer ? peer.address : Address.from(peer);
    const { signal } = options;
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        this.#turn.run(() => {
          if (signal) attempt.cancel(reasonOf(signal));
        });
      };
      const attempt = this.#turn.run(() =>
        this.#initiator.connect(address, options, (outcome) => {
          signal?.removeEventListener("abort", cancel);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        }),
      );
      signal?.addEventListener("abort", cancel, { once: true });
    });
  }

  /**
   * Advertises until the result is disposed of. Resolves when the radio is at it.
   *
   * @throws {@link RangeError} Something does not fit into 31 octets of advertising data and 31 of scan response, or
   *   is out of its range; the message names it.
   * @throws {@link UnavailableError} The host advertises already.
   */
  advertise(options: AdvertiseOptions = {}): Promise<Advertising> {
    return this.#advertiser.advertise(options);
  }

  /** Closes everything and the transport with it. Safe at any time, and more than once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #startUp(): Promise<void> {
    const { random = systemRandom, randomAddress, signal } = this.#options;
    const fixed = randomAddress === undefined ? undefined : Address.from(randomAddress).value;
    const options = {
      events: [...connectionEvents, LeAdvertisingReport],
      randomAddress: fixed ?? generateStaticAddress(random),
    };
    this.#controller = await promised<ControllerInfo>(
      (done) => {
        this.#turn.run(() => {
          run(startUp(this.#hci, options), done);
        });
      },
      { signal },
    );
    this.#hci.acl.begin(this.#controller.aclBuffers);
  }

  async #close(): Promise<void> {
    if (!this.#closed) {
      // A bounded goodbye: peers learn at once that the links have ended, not by a supervision timeout.
      await Promise.all(this.connections.map((connection) => connection.disconnect()));
    }
    this.#end(undefined);
    await this.#transport[Symbol.asyncDispose]();
  }

  #links(): ConstructorParameters<typeof Connections>[1] {
    return {
      connected: (connection) => {
        if (connection.role === "peripheral") this.#advertiser.connected(connection);
        else if (!this.#initiator.connected(connection)) void connection.disconnect(); // nobody asked for it
        this.#tell("connected", connection);
      },
      failed: (status) => {
        if (status !== Status.AdvertisingTimeout) this.#initiator.failed(status);
      },
      disconnected: () => {
        this.#advertiser.disconnected();
      },
    };
  }

  #end(error: BleError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    const reason = error ?? new HostClosedError();
    this.#turn.run(() => {
      this.#hci.end(reason);
      this.#initiator.end(reason);
      this.#connections.endAll(reason);
      this.#scanner.end(reason);
      this.#advertiser.end(reason);
      this.#tell("closed", error);
    });
  }

  #servicesChanged(start: number, end: number): void {
    // Subscribers only; while the host is being made there are none.
    if (this.connections.length === 0) return;
    const range = Uint8Array.of(start, start >> 8, end, end >> 8);
    this.#serviceChanged.indicate(range).catch((error: unknown) => {
      this.#tell("fault", error);
    });
  }

  /** Events reach the program at the end of the turn, when the stack is at rest. */
  #tell<K extends keyof HostEvents>(name: K, ...values: HostEvents[K]): void {
    this.#turn.defer(() => {
      (this.emit as (name: K, ...values: HostEvents[K]) => boolean).call(this, name, ...values);
    });
  }
}

/** A timer that is due begins a turn, as a packet does. */
function inTurns(clock: Clock, turn: Turn): Clock {
  return {
    now: () => clock.now(),
    date: () => clock.date(),
    after: (ms, callback) => clock.after(ms, () => turn.run(callback)),
    soon: (callback) => {
      clock.soon(() => turn.run(callback));
    },
  };
}

function checkOptions({ mtu, appearance, randomAddress }: HostOptions): void {
  if (mtu !== undefined && !(Number.isInteger(mtu) && mtu >= defaultMtu && mtu <= mostMtu)) {
    throw new RangeError(`mtu: ${mtu} is not a whole number from ${defaultMtu} to ${mostMtu}`);
  }
  if (
    appearance !== undefined &&
    !(Number.isInteger(appearance) && appearance >= 0 && appearance <= 0xffff)
  ) {
    throw new RangeError(`appearance: ${appearance} is not a whole number from 0 to 65535`);
  }
  if (randomAddress !== undefined && Address.from(randomAddress).kind !== "static") {
    throw new RangeError(
      `randomAddress: ${String(randomAddress)} is no static address, whose two highest bits are 1`,
    );
  }
}
