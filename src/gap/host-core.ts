import { Address } from "../common/address.ts";
import { type Clock, systemClock } from "../common/clock.ts";
import { BleError, HostClosedError, TransportError } from "../common/errors.ts";
import { nodeCrypto } from "../common/node-crypto.ts";
import { type Procedure, run } from "../common/procedure.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import { systemRandom } from "../common/random.ts";
import { clockInTurns, Turn } from "../common/turn.ts";
import { mostMtu } from "../att/att.ts";
import { GattServer } from "../gatt/server.ts";
import { Reset } from "../hci/commands/controller-baseband.ts";
import { Hci } from "../hci/hci.ts";
import { type ControllerInfo, startUp } from "../hci/start-up.ts";
import type { HciTransport } from "../hci/transport.ts";
import { ChannelListeners } from "./channel-listeners.ts";
import { Configuration, type Settings } from "./configuration.ts";
import type { ConnectOptions } from "./connect-options.ts";
import type { Connection } from "./connection.ts";
import { connectionEvents, Connections } from "./connections.ts";
import type { EncryptedDataKey } from "./encrypted-advertising.ts";
import { UnavailableError } from "./error.ts";
import type { DeviceInfo } from "./gap-service.ts";
import { databaseCache } from "./gatt-memory.ts";
import type { HostOptions } from "./host-options.ts";
import { HostPrivacy } from "./host-privacy.ts";
import { HostSecurity } from "./host-security.ts";
import type { AttSetup } from "./link-assembly.ts";
import { LinkQuestions } from "./link-questions.ts";
import { pairingEvents } from "./pairing-service.ts";
import { Radio, radioEvents } from "./radio.ts";
import { RawHci } from "./raw-hci.ts";
import { recover } from "./recovery.ts";
import { connectByIdentity } from "./seek.ts";
import { subrateParameters } from "./subrate-options.ts";
import { StandardServices } from "./standard-services.ts";

/** What the inside of a host tells the object that the program holds. */
export interface HostUser {
  connected(connection: Connection): void;
  bondLost(connection: Connection): void;
  fault(error: unknown): void;
  /** A handler of the program has failed. */
  handlerFailed(error: unknown): void;
  recovered(cause: BleError): void;
  /** A peer has written something of the GAP service. */
  written(change: Partial<DeviceInfo>, connection: Connection): void;
  /** The last call. `error` is absent when the program closed the host. */
  closed(error: BleError | undefined): void;
  /** Whether peers may begin to pair. */
  pairable(): boolean;
}

/** All layers of a host, put together, and its life from start-up to its end. */
export class HostCore {
  readonly turn: Turn = new Turn();
  readonly clock: Clock;
  readonly hci: RawHci;
  readonly gatt: GattServer;
  readonly security: HostSecurity;
  readonly privacy: HostPrivacy;
  readonly radio: Radio;
  readonly listeners: ChannelListeners;
  readonly connections: Connections;
  readonly configuration: Configuration;
  readonly #hci: Hci;
  readonly #transport: HciTransport;
  readonly #options: HostOptions;
  readonly #user: HostUser;
  readonly #standard: StandardServices;
  #controller: ControllerInfo | undefined;
  #ended = false;
  /** Why, where the program has not closed it. */
  #endedBy: BleError | undefined;
  #closing: Promise<void> | undefined;

  constructor(transport: HciTransport, options: HostOptions, user: HostUser) {
    const { turn } = this;
    this.#transport = transport;
    this.#options = options;
    this.#user = user;
    const clock = (this.clock = clockInTurns(options.clock ?? systemClock, turn));
    const hci = (this.#hci = this.#newHci());
    this.hci = new RawHci(hci, turn);
    this.gatt = new GattServer(
      turn,
      (error) => user.handlerFailed(error),
      (start, end) => {
        // Subscribers only; while the host is being made there are none.
        if (this.connections.all.length > 0)
          this.#standard.changed(start, end).catch((error: unknown) => user.fault(error));
      },
    );
    this.configuration = this.#newConfiguration();
    this.security = this.#newSecurity();
    const { pairing, keeper } = this.security;
    this.gatt.authorizeService = (peer, service) => pairing.authorizeService(peer, service);
    const privacy = (this.privacy = this.#newPrivacy());
    const questions = new LinkQuestions(hci);
    const controller = (): ControllerInfo => this.controller;
    const connected = (connection: Connection): void => {
      user.connected(connection);
      privacy.used(connection.peerIdentity);
    };
    const address = (): Address => this.address;
    this.radio = new Radio({ hci, clock, turn, questions, controller, privacy, connected });
    this.listeners = new ChannelListeners({
      clock,
      turn,
      connectionOf: (handle) => this.connections.of(handle),
      authorizeService: (connection, service) => pairing.authorizeService(connection, service),
      handlerFailed: (error) => user.handlerFailed(error),
    });
    this.connections = new Connections(
      {
        ...{ hci, clock, turn, questions, pairing, keeper },
        att: this.#attSetup(),
        capabilities: () => this.controller.capabilities,
        ownAddress: address,
        listeners: this.listeners.registry,
        policy: { accept: options.acceptParameters, handlerFailed: (error) => user.handlerFailed(error) },
      },
      this.radio,
    );
    this.#standard = this.#newStandardServices();
  }

  /** What the controller is and can do. */
  get controller(): ControllerInfo {
    if (!this.#controller) throw new Error("the host is not open"); // nobody has it before start-up has ended
    return this.#controller;
  }

  /** Whether start-up has ended. */
  get started(): boolean {
    return this.#controller !== undefined;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The address on the air. */
  get address(): Address {
    return this.privacy.address;
  }

  /** The address that stays the same. */
  get identity(): Address {
    return this.#identityWith(this.configuration.settings);
  }

  /** Uses another key of encrypted advertising data, and tells those who subscribed. */
  async changeDataKey(key: EncryptedDataKey): Promise<void> {
    const { gap } = this.#standard;
    if (!gap.hasDataKey) {
      throw new UnavailableError("the GAP service has no such key: open the host with gap.encryptedDataKey");
    }
    await gap.changeDataKey(key);
  }

  /** Loads the bonds and brings the controller up. */
  async start(): Promise<void> {
    nodeCrypto(); // loaded here, and not in the middle of the first discovery or pairing
    const { signal } = this.#options;
    await this.security.keeper.load();
    signal?.throwIfAborted();
    const first = this.privacy.ownAddress.first() ?? this.#staticAddress;
    startTransport(this.#transport, this.#hci);
    const controller = await promised<ControllerInfo>(
      (done) => {
        this.turn.run(() => {
          run(this.#startUp(first.value), done);
        });
      },
      { signal },
    );
    this.#controller = controller;
    requireAddress(this.identity);
    this.#hci.acl.begin(controller.aclBuffers);
    this.privacy.ownAddress.started();
    await promised<undefined>(
      (done) => {
        this.turn.run(() => {
          this.privacy.begin(() => {
            done(undefined);
          });
        });
      },
      { signal },
    );
    if (this.#endedBy) throw this.#endedBy;
  }

  /** Connects to a bonded peer whose address of today nobody knows yet. */
  seek(identity: Address, options: ConnectOptions & CallOptions): Promise<Connection> {
    const { scanner, initiator } = this.radio;
    return connectByIdentity({ scanner, initiator, clock: this.clock }, identity, options);
  }

  /** Closes everything and the transport with it; once. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  get #staticAddress(): Address {
    const { randomAddress } = this.#options;
    return randomAddress === undefined
      ? this.security.keeper.local.randomAddress
      : Address.from(randomAddress);
  }

  #newHci(): Hci {
    return new Hci(this.#transport, this.clock, this.turn, {
      fault: (error) => {
        this.#user.fault(error);
      },
      unasked: (packet) => {
        this.hci.event(packet);
      },
      failed: (error) => {
        this.#failed(error);
      },
      ended: (error) => {
        this.#lost(error ?? new TransportError("the transport was closed"));
      },
    });
  }

  #newConfiguration(): Configuration {
    return new Configuration(this.#options, {
      turn: this.turn,
      addressType: () => this.identity.type,
      identityWith: (settings) => requireAddress(this.#identityWith(settings)),
      changeAddress: (privacy, identity, changed, done) => {
        this.privacy.change(privacy, identity, changed, done);
      },
      check: ({ privacy }) => {
        if (this.#ended) throw this.#endedBy ?? new HostClosedError();
        if (this.#options.privacy !== "resolvable" || privacy === "resolvable") return;
        throw new UnavailableError(
          "privacy: peers were told that this host uses resolvable private addresses and no others; open it without",
        );
      },
      changed: ({ name, appearance }, before) => {
        const { gap } = this.#standard;
        if (name !== before.name) gap.name = name;
        if (appearance !== before.appearance) gap.appearance = appearance;
      },
    });
  }

  #newStandardServices(): StandardServices {
    const { gap = {}, privacy, enhancedBearers = 0 } = this.#options;
    const { name, appearance } = this.configuration.settings;
    return new StandardServices(
      this.gatt,
      {
        ...{ name, appearance, options: gap },
        resolvesAddresses: privacy === "resolvable" ? () => this.privacy.resolves : undefined,
        written: (change, peer) => {
          const connection = this.connections.all.find((each) => each === peer);
          this.configuration.written(change);
          if (connection) this.#user.written(change, connection);
        },
      },
      { enhancedBearers: enhancedBearers > 0 },
    );
  }

  #identityWith({ addressType }: Settings): Address {
    const { publicAddress } = this.controller;
    const isRandom = publicAddress === 0 || this.#options.randomAddress !== undefined;
    const type = addressType ?? (isRandom ? "random" : "public");
    return type === "public" ? new Address(type, publicAddress) : this.#staticAddress;
  }

  #newSecurity(): HostSecurity {
    return new HostSecurity({
      hci: this.#hci,
      clock: this.clock,
      turn: this.turn,
      options: this.#options,
      settings: () => this.configuration.settings,
      address: () => this.identity,
      pairable: () => this.#user.pairable(),
      fault: (error) => {
        this.#user.handlerFailed(error);
      },
      bondLost: (connection) => {
        connection.bondLost();
        this.#user.bondLost(connection);
      },
    });
  }

  #newPrivacy(): HostPrivacy {
    const { random = systemRandom, privacyMode: mode, addressRotationMs } = this.#options;
    const { keeper } = this.security;
    const privacy = new HostPrivacy({
      hci: this.#hci,
      clock: this.clock,
      controller: () => this.controller,
      identity: () => this.identity,
      ...{ random, keeper, mode },
      privacy: this.configuration.privacy,
      rotationMs: addressRotationMs,
    });
    keeper.onChange((change, { identity }) => {
      this.turn.run(() => {
        privacy.bondChanged(change, identity);
      });
    });
    return privacy;
  }

  #attSetup(): AttSetup {
    const { cache = "auto", raiseSecurity = "auto", enhancedBearers = 0 } = this.#options;
    const { configuration } = this;
    return {
      server: this.gatt,
      get mtu() {
        return configuration.settings.mtu ?? mostMtu;
      },
      capacity: () => configuration.settings.receiveBuffer,
      cache: cache === "off" ? undefined : databaseCache(this.security.keeper),
      raiseSecurity,
      enhancedBearers,
    };
  }

  #startUp(randomAddress: number): Procedure<ControllerInfo> {
    const events = [...connectionEvents, ...pairingEvents, ...radioEvents];
    const { acceptSubrating } = this.#options;
    const subrating = acceptSubrating && subrateParameters(acceptSubrating);
    return startUp(this.#hci, { events, randomAddress, subrating });
  }

  #failed(error: BleError): void {
    if (!this.#controller || this.#ended) {
      this.#hci.end(error);
      return;
    }
    const address = this.address.type === "random" ? this.address : this.#staticAddress;
    const recovery = {
      hci: this.#hci,
      connections: this.connections,
      radio: this.radio,
      startUp: () => this.#startUp(address.value),
      recovered: (controller: ControllerInfo) => {
        this.#controller = controller;
        this.#hci.acl.begin(controller.aclBuffers);
        this.privacy.begin();
        this.#user.recovered(error);
      },
    };
    recover(recovery, error);
  }

  async #close(): Promise<void> {
    const reason = new HostClosedError();
    this.#ended = true;
    this.#endRadio(reason);
    if (this.#controller) {
      // Peers learn at once that the links have ended, not by a supervision timeout; each goodbye has its bound.
      await Promise.all(this.connections.all.map((connection) => connection.disconnect()));
      // Or the radio would go on without us: not every transport switches the controller off.
      await new Promise<void>((resolve) => {
        this.turn.run(() => {
          this.#hci.send(Reset, {}, () => {
            resolve();
          });
        });
      });
    }
    this.turn.run(() => {
      this.#hci.end(reason);
      this.connections.endAll(reason);
      this.#user.closed(undefined);
    });
    await this.#release();
  }

  /** The controller is gone, or answers no more. */
  #lost(error: BleError): void {
    this.#endRadio(error);
    this.connections.endAll(error);
    if (this.#ended) return; // it is being closed, which tells so
    this.#ended = true;
    this.#endedBy = error;
    this.#user.closed(error);
    this.#closing = this.#release();
    this.#closing.catch((failure: unknown) => {
      this.#user.fault(failure);
    });
  }

  /** Everything that needs the radio; the links may still say goodbye. */
  #endRadio(reason: BleError): void {
    this.turn.run(() => {
      this.privacy.end();
      this.radio.end(reason);
      this.listeners.end(reason);
    });
  }

  async #release(): Promise<void> {
    await Promise.all([this.security.end(), this.#transport[Symbol.asyncDispose]()]);
  }
}

/** @throws {@link UnavailableError} The controller was never given that address. */
function requireAddress(address: Address): Address {
  if (address.type === "random" || address.value !== 0) return address;
  throw new UnavailableError("the controller has no public address: use a random one");
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
