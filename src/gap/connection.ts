import { EventEmitter } from "node:events";
import type { Address } from "../common/address.ts";
import { hexNumber } from "../common/bytes.ts";
import type { Clock } from "../common/clock.ts";
import type { BleError } from "../common/errors.ts";
import { shownAsText } from "../common/inspect.ts";
import { checkOptions } from "../common/options.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { SecurityState } from "../common/security.ts";
import type { Turn } from "../common/turn.ts";
import type { GattClient } from "../gatt/client.ts";
import type { GattPeer } from "../gatt/service-builder.ts";
import type { DisconnectedError } from "../hci/error.ts";
import type { Hci } from "../hci/hci.ts";
import { Status } from "../hci/status.ts";
import type { L2capLink } from "../l2cap/l2cap.ts";
import type { ConnectionParameterUpdateRequest } from "../l2cap/signaling-pdu.ts";
import type { Channel } from "./channel.ts";
import {
  checkOpenOptions,
  openChannels,
  type OpenChannelOptions,
  type OpenChannelsOptions,
} from "./channel-opening.ts";
import {
  ConnectionUpdates,
  type ParametersPolicy,
  type UpdateParametersOptions,
} from "./connection-updates.ts";
import { FixedChannel, type FixedChannelOptions } from "./fixed-channel.ts";
import { sayGoodbye } from "./goodbye.ts";
import type { DataLength, LinkControl, LinkPhys, Subrating } from "./link-control.ts";
import type { PathLossChange, TxPowerChange } from "./link-power.ts";
import type { PairOptions } from "./pairing-options.ts";

/** How often and how patiently the two sides meet. Vol 6, Part B, 4.5.1 and 4.5.2. */
export interface ConnectionParameters {
  /** From one connection event to the next, 7.5 to 4000 ms. */
  readonly intervalMs: number;
  /** How many events the peripheral may sleep through. */
  readonly latency: number;
  /** How long without a packet until the link counts as lost, 100 to 32,000 ms. */
  readonly supervisionTimeoutMs: number;
}

/** What the program can observe of a connection. */
export interface ConnectionEvents {
  /** The link is gone, for the reason given; once, after everything pending has been rejected. */
  disconnected: [reason: BleError];
  /** The controllers have agreed on others. */
  parametersChanged: [parameters: ConnectionParameters];
  /** The ATT_MTU was exchanged, by either side. */
  mtuChanged: [mtu: number];
  /** The packets of the link may be longer or shorter now. */
  dataLengthChanged: [length: DataLength];
  /** The link has other PHYs now, or a wish for others was settled. */
  physChanged: [phys: LinkPhys];
  /** The link sleeps through more or fewer connection events now. */
  subratingChanged: [subrating: Subrating];
  /** A transmit power has changed: see {@link LinkControl.reportTxPower}. */
  txPowerChanged: [change: TxPowerChange];
  /** The path loss has entered another zone: see {@link LinkControl.monitorPathLoss}. */
  pathLossChanged: [change: PathLossChange];
  /** The link is better protected than before, or its keys are kept now. */
  securityChanged: [security: SecurityState];
  /** A pairing has succeeded, whoever began it: the keys that come of it are here, `securityChanged` has told of them. */
  paired: [security: SecurityState];
  /** A pairing has failed, whoever began it. */
  pairingFailed: [reason: BleError];
  /**
   * The peer has forgotten this host: it does not know the key of the bond any more, or wants to pair anew as if it had
   * none. Or it is another, who claims to be that peer: `host.bonds.remove` only if that is not so.
   */
  bondLost: [];
}

/** The security of a connection; `gap/link-pairing.ts` is it. */
export interface ConnectionSecurity {
  /** The identity of the peer where it is known, else the address of the link. */
  readonly peer: Address;
  readonly state: SecurityState;
  pair(options: PairOptions): Promise<void>;
  encrypt(options: CallOptions): Promise<void>;
}

/** What a connection is made of; `gap/connections.ts` puts it together. */
export interface ConnectionParts {
  readonly hci: Hci;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly handle: number;
  readonly role: "central" | "peripheral";
  readonly peerAddress: Address;
  readonly parameters: ConnectionParameters;
  readonly policy: ParametersPolicy;
  /** Whether a peripheral may ask through the Link Layer, not only through L2CAP. */
  readonly asksByController: () => boolean;
  readonly link: LinkControl;
  /** The controller will not say that the link is gone, but it is. */
  readonly lost: (reason: DisconnectedError) => void;
}

/** The reasons that a host may give. Vol 4, Part E, 7.1.6. */
const disconnectReasons: ReadonlySet<number> = new Set([
  Status.AuthenticationFailure,
  Status.RemoteUserTerminatedConnection,
  Status.RemoteDeviceTerminatedConnectionDueToLowResources,
  Status.RemoteDeviceTerminatedConnectionDueToPowerOff,
  Status.UnsupportedRemoteFeature,
  Status.PairingWithUnitKeyNotSupported,
  Status.UnacceptableConnectionParameters,
]);

/**
 * A link to one peer. The program may hold it with `await using`: leaving the block disconnects.
 *
 * Once the link is gone everything pending on it has been rejected with a {@link DisconnectedError}, or with what ended
 * the host, and whatever is asked of the peer later is.
 */
export class Connection extends EventEmitter<ConnectionEvents> implements GattPeer, AsyncDisposable {
  /** Which end of the link this host is. */
  readonly role: "central" | "peripheral";
  readonly peerAddress: Address;
  /** What can be asked and told of the link itself: PHYs, data length, signal strength and such. */
  readonly link: LinkControl;
  /** The Connection_Handle of HCI, 0x0000 to 0x0EFF. */
  readonly handle: number;
  readonly #parts: ConnectionParts;
  #parameters: ConnectionParameters;
  #gatt: GattClient | undefined;
  #l2cap: L2capLink | undefined;
  readonly #updates: ConnectionUpdates;
  #security: ConnectionSecurity | undefined;
  #ended: BleError | undefined;
  #whenEnded: ((reason: BleError) => void)[] = [];
  #disconnecting = false;

  static {
    shownAsText(Connection.prototype);
  }

  /** Made by the host. */
  constructor(parts: ConnectionParts) {
    super();
    this.#parts = parts;
    this.role = parts.role;
    this.peerAddress = parts.peerAddress;
    this.link = parts.link;
    this.handle = parts.handle;
    this.#parameters = parts.parameters;
    this.#updates = new ConnectionUpdates(parts, this);
  }

  /** What `console.log` shows. */
  override toString(): string {
    const state = this.#ended ? "disconnected" : "connected";
    return `${this.peerAddress.toString()} (${state}, this side is ${this.role})`;
  }

  /** The peer's GATT server. */
  get gatt(): GattClient {
    if (!this.#gatt) throw new Error("the connection is not complete"); // set before anyone sees it
    return this.#gatt;
  }

  /**
   * The address that stays the same whatever address the peer uses, where there is a bond that tells it; else
   * {@link peerAddress}.
   */
  get peerIdentity(): Address {
    return this.#requireSecurity.peer;
  }

  /** How well the link is protected at this moment. Vol 3, Part C, 10.2. */
  get security(): SecurityState {
    return this.#requireSecurity.state;
  }

  /**
   * Encrypts the link, pairing first where there is no key that would do.
   *
   * As central it pairs at once; as peripheral it asks the central to (Vol 3, Part H, 2.4.6). A link that is good enough
   * already stays as it is, unless `renew` is given.
   *
   * @param options.signal - Calls the pairing off; the peer is told.
   * @returns How well the link is protected now; what is kept of the peer is saved by then.
   * @throws {@link PairingError} The pairing failed; `reason` and `by` tell why and who ended it.
   * @throws {@link PairingTimeoutError} The peer, or a person, did not go on for 30 s.
   * @throws {@link EncryptionError} The peer does not know the key of the bond any more: `renew` pairs anew.
   * @throws {@link BondStoreError} The link is protected, but what is kept could not be saved.
   * @throws {@link DisconnectedError} The link was lost first.
   * @throws {@link InvalidArgumentsError} The agent is not registered.
   * @throws {@link UnavailableError} It is being paired already.
   * @throws {@link RangeError} An option is out of its range.
   *
   * @example
   * ```ts
   * host.agents.register(new TerminalAgent());
   * const { authenticated } = await connection.pair({ mitm: true });
   * ```
   */
  async pair(options: PairOptions = {}): Promise<SecurityState> {
    if (this.#ended) throw this.#ended;
    await this.#requireSecurity.pair(options);
    return this.security;
  }

  /**
   * Encrypts the link with the key of a bond.
   *
   * As peripheral it asks the central to (Vol 3, Part H, 2.4.6).
   *
   * @throws {@link EncryptionError} There is none, or the peer does not know it any more.
   * @throws {@link PairingError} As peripheral: the central refused, or wanted to pair in place of using its key.
   * @throws {@link PairingTimeoutError} As peripheral: the central did nothing for 30 s.
   * @throws {@link DisconnectedError} The link was lost first.
   */
  async encrypt(options: CallOptions = {}): Promise<SecurityState> {
    if (this.#ended) throw this.#ended;
    await this.#requireSecurity.encrypt(options);
    return this.security;
  }

  /** The ATT_MTU in force, in octets; 23 until it was exchanged. */
  get mtu(): number {
    return this.gatt.mtu;
  }

  /** The connection parameters in force. */
  get parameters(): ConnectionParameters {
    return this.#parameters;
  }

  /** Whether the link is there. */
  get connected(): boolean {
    return this.#ended === undefined;
  }

  /** Why the link is gone; `undefined` while it is not. */
  get disconnectReason(): BleError | undefined {
    return this.#ended;
  }

  /**
   * Asks for other connection parameters. Vol 3, Part A, 4.20, and Vol 4, Part E, 7.8.18.
   *
   * As central this side decides. As peripheral it asks the central, through the Link Layer where both controllers can
   * and else through L2CAP; the central may refuse, or accept and change nothing: that is known only after 5 s and ten
   * connection events. Several changes of one link are made one after the other, and each
   * is told what is in force after it.
   *
   * @param options - What is left out stays as it is in force when the change has its turn. Of the interval with one end
   *   given the other moves only as far as it must.
   * @param options.signal - Stops waiting; the parameters may change all the same, unless others are before it.
   * @returns The parameters in force afterwards.
   * @throws {@link ParametersRefusedError} The central refused.
   * @throws {@link SignalingTimeoutError} The central does not answer.
   * @throws {@link BackPressureError} 64 changes wait already.
   * @throws {@link HciError} The controller refused, or the peer's does not agree.
   * @throws {@link RangeError} An option is out of its range, or does not go with what is in force.
   * @throws {@link TypeError} There is no such option, or it is of another kind.
   */
  async updateParameters(options: UpdateParametersOptions = {}): Promise<ConnectionParameters> {
    return this.#updates.update(options, this.#link);
  }

  /**
   * Opens a credit-based channel to where the peer listens. Vol 3, Part A, 4.22 and 4.25.
   *
   * When the peer asks for more security than the link has, raises it once and asks again. With a `count`, opens
   * several with one request and returns those that the peer accepted, one at least.
   *
   * @param options.signal - Calls the attempt off; a channel that still comes is closed.
   * @throws {@link ChannelRefusedError} The peer refused it, or all of them; see `result` and `resultName`.
   * @throws {@link CommandRejectedError} The peer knows no such channels.
   * @throws {@link SignalingTimeoutError} The peer does not answer.
   * @throws {@link ChannelUnavailableError} The link has as many channels as it can have, or too many requests wait.
   * @throws {@link DisconnectedError} The link is gone.
   * @throws {@link RangeError} An option is out of its range.
   * @throws {@link TypeError} There is no such option, or it is of another kind, or `spsm` is missing.
   *
   * @example
   * ```ts
   * await using channel = await connection.openChannel({ spsm: 0x80 });
   * await channel.send(Uint8Array.of(1, 2, 3));
   * ```
   */
  openChannel(options: OpenChannelsOptions): Promise<readonly Channel[]>;
  openChannel(options: OpenChannelOptions): Promise<Channel>;
  async openChannel(
    options: OpenChannelOptions | OpenChannelsOptions,
  ): Promise<Channel | readonly Channel[]> {
    const { clock, turn } = this.#parts;
    checkOpenOptions(options);
    if (this.#ended) throw this.#ended;
    const { count }: Partial<OpenChannelsOptions> = options;
    const channels = await openChannels({ connection: this, l2cap: this.#link, clock, turn }, options);
    const [channel] = channels;
    if (count !== undefined) return channels;
    if (!channel) throw new Error("a channel that was opened is there");
    return channel;
  }

  /**
   * Takes a fixed channel that program and peer have agreed on. Vol 3, Part A, 2.1.
   *
   * @param cid - 0x0001 to 0x003f, but not those of ATT, signalling and the Security Manager, 0x0004 to 0x0006.
   * @throws {@link RangeError} The program may not have the channel.
   * @throws {@link ChannelUnavailableError} The program has it already.
   * @throws {@link DisconnectedError} The link is gone.
   */
  openFixedChannel(cid: number, options?: FixedChannelOptions): FixedChannel {
    if (this.#ended) throw this.#ended;
    return new FixedChannel(this.#link, this.#parts.turn, cid, options);
  }

  /**
   * Ends the link and waits until it has ended. Does nothing when it has already.
   *
   * What is queued for the peer goes first, such as notifications that resolved, for as long as the supervision
   * timeout at most, but not where the reason is Authentication Failure (0x05). Then the radio tells the peer until it
   * has heard, or that time is over once more.
   *
   * @param options.reason - What the peer is told, by default that the user of this side ended it.
   * @param options.signal - Stops waiting; the link ends all the same.
   * @throws {@link RangeError} The reason is none that a host may give.
   */
  async disconnect(options: DisconnectOptions = {}): Promise<void> {
    checkOptions("disconnect", options, { reason: "number", signal: "signal" }, "{ reason: 0x13 }");
    const { reason = Status.RemoteUserTerminatedConnection } = options;
    if (!disconnectReasons.has(reason)) {
      throw new RangeError(`reason: 0x${hexNumber(reason, 2)} is none that a host may give`);
    }
    if (this.#ended) return;
    await promised<undefined>((done) => {
      this.#whenEnded.push(() => {
        done(undefined);
      });
      this.#parts.turn.run(() => this.#sendDisconnect(reason));
    }, options);
  }

  /** Disconnects, if that has not happened yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  /** @internal For `gap/connections.ts`. */
  complete(gatt: GattClient, l2cap: L2capLink, security: ConnectionSecurity): void {
    this.#gatt = gatt;
    this.#l2cap = l2cap;
    this.#security = security;
  }

  /** @internal For `gap/connections.ts`: the controllers have agreed on other parameters, or could not. */
  updated(status: number, parameters: ConnectionParameters): void {
    if (status === Status.Success) {
      this.#parameters = parameters;
      this.#parts.turn.defer(() => this.emit("parametersChanged", parameters));
    }
    this.#updates.completed(status);
  }

  /** @internal For `gap/link-assembly.ts`: the peripheral asks for other parameters through L2CAP. */
  parametersRequested(request: ConnectionParameterUpdateRequest, answer: (accept: boolean) => void): void {
    this.#updates.requested(request, this, (accept) => {
      answer(accept);
      if (accept) this.#updates.promise(request);
    });
  }

  /** @internal For `gap/connection-requests.ts`: the peer asks through its controller, and this side's carries it out. */
  parametersRequestedByController(
    request: ConnectionParameterUpdateRequest,
    answer: (accept: boolean) => void,
  ): void {
    this.#updates.requested(request, this, answer);
  }

  /** @internal For `gap/link-events.ts`. */
  dataLengthChanged(length: DataLength): void {
    this.#parts.turn.defer(() => this.emit("dataLengthChanged", length));
  }

  /** @internal For `gap/link-events.ts`. */
  physChanged(phys: LinkPhys): void {
    this.#parts.turn.defer(() => this.emit("physChanged", phys));
  }

  /** @internal For `gap/link-events.ts`. */
  subratingChanged(subrating: Subrating): void {
    this.#parts.turn.defer(() => this.emit("subratingChanged", subrating));
  }

  /** @internal For `gap/link-events.ts`. */
  txPowerChanged(change: TxPowerChange): void {
    this.#parts.turn.defer(() => this.emit("txPowerChanged", change));
  }

  /** @internal For `gap/link-events.ts`. */
  pathLossChanged(change: PathLossChange): void {
    this.#parts.turn.defer(() => this.emit("pathLossChanged", change));
  }

  /** @internal For `gap/connections.ts`: the bearer has a new MTU. */
  mtuChanged(mtu: number): void {
    this.#parts.turn.defer(() => this.emit("mtuChanged", mtu));
  }

  /** @internal For `gap/link-pairing.ts`. */
  securityChanged(security: SecurityState): void {
    this.#parts.turn.defer(() => this.emit("securityChanged", security));
  }

  /** @internal For `gap/link-pairing.ts`. */
  paired(): void {
    this.#parts.turn.defer(() => this.emit("paired", this.security));
  }

  /** @internal For `gap/link-pairing.ts`. */
  pairingFailed(reason: BleError): void {
    this.#parts.turn.defer(() => this.emit("pairingFailed", reason));
  }

  /** @internal For `gap/link-pairing.ts`: the peer has forgotten this host. */
  bondLost(): void {
    this.#parts.turn.defer(() => this.emit("bondLost"));
  }

  /** @internal For `gap/connections.ts`: the link is gone. */
  end(reason: BleError): void {
    if (this.#ended) return;
    this.#ended = reason;
    const waiting = this.#whenEnded;
    this.#whenEnded = [];
    for (const tell of waiting) tell(reason);
    this.#updates.end(reason);
    this.#parts.turn.defer(() => this.emit("disconnected", reason));
  }

  get #link(): L2capLink {
    if (!this.#l2cap) throw new Error("the connection is not complete"); // set before anyone sees it
    return this.#l2cap;
  }

  get #requireSecurity(): ConnectionSecurity {
    if (!this.#security) throw new Error("the connection is not complete"); // set before anyone sees it
    return this.#security;
  }

  #sendDisconnect(reason: number): void {
    if (this.#disconnecting) return;
    this.#disconnecting = true;
    const goodbye = sayGoodbye({
      ...this.#parts,
      supervisionTimeoutMs: this.#parameters.supervisionTimeoutMs,
      reason,
    });
    this.#whenEnded.push(() => {
      goodbye[Symbol.dispose]();
    });
  }
}

/** How to part. */
export interface DisconnectOptions extends CallOptions {
  /** A `Status` that the specification allows here (Vol 4, Part E, 7.1.6): 0x05, 0x13 to 0x15, 0x1a, 0x29 or 0x3b. */
  readonly reason?: number;
}
