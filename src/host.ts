import { EventEmitter } from "node:events";
import process from "node:process";
import { Address } from "./common/address.ts";
import { systemClock } from "./common/clock.ts";
import { BleError, HostClosedError, TransportError } from "./common/errors.ts";
import { shownAsText } from "./common/inspect.ts";
import { run } from "./common/procedure.ts";
import { type CallOptions, promised } from "./common/promised.ts";
import { systemRandom } from "./common/random.ts";
import { clockInTurns, Turn } from "./common/turn.ts";
import { mostMtu } from "./att/att.ts";
import { type AdvertiseOptions, Advertiser, type Advertising } from "./gap/advertiser.ts";
import type { ConnectOptions } from "./gap/connect-options.ts";
import type { Connection } from "./gap/connection.ts";
import { connectionEvents, Connections, type ConnectionsUser } from "./gap/connections.ts";
import { generateStaticAddress } from "./gap/device-address.ts";
import { UnavailableError } from "./gap/error.ts";
import type { Found } from "./gap/found.ts";
import { checkHostOptions, type HostOptions } from "./gap/host-options.ts";
import { Initiator } from "./gap/initiator.ts";
import type { Scan, ScanOptions } from "./gap/scan.ts";
import { Scanner } from "./gap/scanner.ts";
import { StandardServices } from "./gap/standard-services.ts";
import { GattServer } from "./gatt/server.ts";
import { Reset } from "./hci/commands/controller-baseband.ts";
import { LeAdvertisingReport } from "./hci/events/le-advertising.ts";
import { Hci } from "./hci/hci.ts";
import { type ControllerInfo, startUp } from "./hci/start-up.ts";
import type { HciTransport } from "./hci/transport.ts";

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
  readonly #options: HostOptions;
  readonly #turn = new Turn();
  readonly #hci: Hci;
  readonly #connections: Connections;
  readonly #scanner: Scanner;
  readonly #initiator: Initiator;
  readonly #advertiser: Advertiser;
  readonly #standard: StandardServices;
  #controller: ControllerInfo | undefined;
  #ended = false;
  #closing: Promise<void> | undefined;

  private constructor(transport: HciTransport, options: HostOptions) {
    super();
    this.#options = options;
    this.#transport = transport;
    const turn = this.#turn;
    const clock = clockInTurns(options.clock ?? systemClock, turn);
    const fault = (error: unknown): void => {
      this.#tell("fault", error);
    };
    const hci = new Hci(transport, clock, turn, {
      fault,
      ended: (error) => {
        this.#lost(error ?? new TransportError("the transport was closed"));
      },
    });
    this.#hci = hci;
    const handlerFailed = (error: unknown): void => {
      if (this.listenerCount("fault") > 0) fault(error);
      else process.emitWarning(error instanceof Error ? error : String(error)); // a mistake must not pass unseen
    };
    this.gatt = new GattServer(turn, handlerFailed, (start, end) => {
      // Subscribers only; while the host is being made there are none.
      if (this.connections.length > 0) this.#standard.changed(start, end).catch(fault);
    });
    const ownAddressType = (): number => (this.address.type === "random" ? 1 : 0);
    const { name = "jelling", appearance = 0, mtu = mostMtu } = options;
    this.#scanner = new Scanner(hci, clock, turn, ownAddressType);
    this.#initiator = new Initiator(hci, clock, turn, this.#scanner, ownAddressType);
    this.#advertiser = new Advertiser(hci, turn, ownAddressType);
    this.#connections = new Connections({ hci, clock, turn, server: this.gatt, mtu }, this.#links());
    this.#standard = new StandardServices(this.gatt, { name, appearance });
  }

  /**
   * Resets the controller behind a transport, learns what it can do, and makes it ready for use.
   *
   * The host owns the transport from now on, also when this fails.
   *
   * @param options.signal - Gives up; the transport is closed.
   * @throws {@link TransportError} The transport failed or ended.
   * @throws {@link HciError} The controller refused something it has to know.
   * @throws {@link CommandTimeoutError} The controller does not answer.
   * @throws {@link UnavailableError} The controller has no public address to use.
   * @throws {@link RangeError} An option is out of its range.
   */
  static async open(transport: HciTransport, options: HostOptions = {}): Promise<Host> {
    let host: Host | undefined;
    requireTransport(transport);
    try {
      checkHostOptions(options);
      options.signal?.throwIfAborted();
      host = new Host(transport, options);
      await host.#start();
      return host;
    } catch (error) {
      // What the program must know is why it has no host; that the transport does not close well comes of it.
      await close(host ?? transport).catch(() => undefined);
      throw error;
    }
  }

  static {
    shownAsText(Host.prototype);
  }

  /** What `console.log` shows. */
  override toString(): string {
    const state = this.#ended ? "closed" : `${this.connections.length} connections`;
    return this.#controller ? `${this.address.toString()} (${state})` : "(not open)";
  }

  /** What the controller is and can do. */
  get controller(): ControllerInfo {
    if (!this.#controller) throw new Error("the host is not open"); // nobody has it before start-up has ended
    return this.#controller;
  }

  /** The address that others see. */
  get address(): Address {
    const { publicAddress, randomAddress } = this.controller;
    const isRandom = publicAddress === 0 || this.#options.randomAddress !== undefined;
    const type = this.#options.addressType ?? (isRandom ? "random" : "public");
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
   * @throws {@link SyntaxError} A UUID or an address to look for is none.
   *
   * @example
   * ```ts
   * for await (const found of host.scan({ services: ["180d"], signal })) console.log(found.name, found.address);
   * ```
   */
  scan(options: ScanOptions = {}): Scan {
    return this.#scanner.scan(options);
  }

  /**
   * Connects as central. Attempts wait for each other; scanning pauses meanwhile.
   *
   * @param peer - An address, also as text (`C0:FF:EE:00:00:01/random`), or what a scan has found.
   * @param options.signal - Calls the attempt off; the promise rejects once the controller has stopped trying.
   * @throws {@link ConnectTimeoutError} The peer did not answer in time.
   * @throws {@link UnavailableError} There is such a link already.
   * @throws {@link HciError} The controller refused.
   * @throws {@link RangeError} An option is out of its range.
   * @throws {@link SyntaxError} The address is none.
   */
  async connect(
    peer: Address | string | Found,
    options: ConnectOptions & CallOptions = {},
  ): Promise<Connection> {
    const address = Address.from(peer instanceof Address || typeof peer !== "object" ? peer : peer.address);
    if (this.connections.some(({ role, peerAddress }) => role === "central" && peerAddress.equals(address))) {
      throw new UnavailableError(`${address.toString()} is connected already: see host.connections`);
    }
    return this.#initiator.connect(address, options);
  }

  /**
   * Advertises until the result is disposed of. Resolves when the radio is at it. A name that fits neither packet is
   * sent shortened.
   *
   * @throws {@link RangeError} Something does not fit into 31 octets of advertising data and 31 of scan response, or
   *   is out of its range; the message names it.
   * @throws {@link UnavailableError} The host advertises already.
   * @throws {@link HciError} The controller refused, for instance because it has as many links as it can hold.
   */
  advertise(options: AdvertiseOptions = {}): Promise<Advertising> {
    return this.#advertiser.advertise(options);
  }

  /**
   * Closes everything and the transport with it. Safe at any time, and more than once.
   *
   * What waits is rejected at once; then the peers are told, the controller is reset, and the transport is closed.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #start(): Promise<void> {
    const { random = systemRandom, randomAddress, addressType, signal } = this.#options;
    const fixed = randomAddress === undefined ? undefined : Address.from(randomAddress).value;
    const options = {
      events: [...connectionEvents, LeAdvertisingReport],
      randomAddress: fixed ?? generateStaticAddress(random),
    };
    startTransport(this.#transport, this.#hci);
    const controller = await promised<ControllerInfo>(
      (done) => {
        this.#turn.run(() => {
          run(startUp(this.#hci, options), done);
        });
      },
      { signal },
    );
    if (addressType === "public" && controller.publicAddress === 0) {
      throw new UnavailableError("the controller has no public address: use a random one");
    }
    this.#controller = controller;
    this.#hci.acl.begin(controller.aclBuffers);
  }

  async #close(): Promise<void> {
    const reason = new HostClosedError();
    this.#ended = true;
    this.#endAll(reason);
    if (this.#controller) {
      // Peers learn at once that the links have ended, not by a supervision timeout; each goodbye has its bound.
      await Promise.all(this.connections.map((connection) => connection.disconnect()));
      // Or the radio would go on without us: not every transport switches the controller off.
      await new Promise<void>((resolve) => {
        this.#turn.run(() => {
          this.#hci.send(Reset, {}, () => {
            resolve();
          });
        });
      });
    }
    this.#turn.run(() => {
      this.#hci.end(reason);
      this.#connections.endAll(reason);
      this.#tell("closed", undefined);
    });
    await close(this.#transport);
  }

  /** The controller is gone, or answers no more. */
  #lost(error: BleError): void {
    this.#endAll(error);
    this.#connections.endAll(error);
    if (this.#ended) return; // it is being closed, which tells so
    this.#ended = true;
    this.#tell("closed", error);
    this.#closing = close(this.#transport);
    this.#closing.catch((failure: unknown) => {
      this.#tell("fault", failure);
    });
  }

  /** Everything that needs the radio; the links may still say goodbye. */
  #endAll(reason: BleError): void {
    this.#turn.run(() => {
      this.#initiator.end(reason);
      this.#scanner.end(reason);
      this.#advertiser.end(reason);
    });
  }

  #links(): ConnectionsUser {
    return {
      connected: (connection) => {
        if (connection.role === "peripheral") this.#advertiser.connected(connection);
        else if (!this.#initiator.connected(connection)) {
          void connection.disconnect(); // nobody wants it
          return;
        }
        this.#tell("connected", connection);
      },
      failed: (status) => {
        this.#initiator.failed(status);
      },
      disconnected: () => {
        this.#advertiser.disconnected();
      },
    };
  }

  /** Events reach the program at the end of the turn, when the stack is at rest. */
  #tell<K extends keyof HostEvents>(name: K, ...values: HostEvents[K]): void {
    this.#turn.defer(() => {
      (this.emit as (name: K, ...values: HostEvents[K]) => boolean).call(this, name, ...values);
    });
  }
}

/** @throws {@link TypeError} For programs that no compiler checks. */
function requireTransport(transport: Partial<HciTransport>): void {
  if (typeof transport.start === "function" && typeof transport.send === "function") return;
  throw new TypeError(
    "Host.open takes a transport; a virtual controller gives one with controller.transport()",
  );
}

async function close(resource: AsyncDisposable): Promise<void> {
  await resource[Symbol.asyncDispose]();
}

function startTransport(transport: HciTransport, hci: Hci): void {
  try {
    transport.start(hci);
  } catch (error) {
    if (error instanceof BleError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new TransportError(`the transport does not start: ${why}`, { cause: error });
  }
}
