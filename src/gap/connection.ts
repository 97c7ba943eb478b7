import { EventEmitter } from "node:events";
import type { Address } from "../common/address.ts";
import { hexNumber } from "../common/bytes.ts";
import type { Clock } from "../common/clock.ts";
import type { BleError } from "../common/errors.ts";
import { shownAsText } from "../common/inspect.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import type { GattClient } from "../gatt/client.ts";
import type { GattPeer } from "../gatt/service-builder.ts";
import { Disconnect } from "../hci/commands/link-control.ts";
import { DisconnectedError, HciError } from "../hci/error.ts";
import type { Hci } from "../hci/hci.ts";
import { Status } from "../hci/status.ts";

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

/** How long the controller may take beyond the supervision timeout to say that a link is gone, in ms. */
const disconnectionGrace = 5_000;

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
  /** The Connection_Handle of HCI, 0x0000 to 0x0EFF. */
  readonly handle: number;
  readonly #parts: ConnectionParts;
  #parameters: ConnectionParameters;
  #gatt: GattClient | undefined;
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
    this.handle = parts.handle;
    this.#parameters = parts.parameters;
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
   * Ends the link and waits until it has ended. Does nothing when it has already.
   *
   * The radio tells the peer until it has heard, or the supervision timeout is over.
   *
   * @param options.reason - What the peer is told, by default that the user of this side ended it.
   * @param options.signal - Stops waiting; the link ends all the same.
   * @throws {@link RangeError} The reason is none that a host may give.
   */
  async disconnect({
    reason = Status.RemoteUserTerminatedConnection,
    ...options
  }: DisconnectOptions = {}): Promise<void> {
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
  complete(gatt: GattClient): void {
    this.#gatt = gatt;
  }

  /** @internal For `gap/connections.ts`: the controller says that the parameters have changed. */
  updated(parameters: ConnectionParameters): void {
    this.#parameters = parameters;
    this.#parts.turn.defer(() => this.emit("parametersChanged", parameters));
  }

  /** @internal For `gap/connections.ts`: the bearer has a new MTU. */
  mtuChanged(mtu: number): void {
    this.#parts.turn.defer(() => this.emit("mtuChanged", mtu));
  }

  /** @internal For `gap/connections.ts`: the link is gone. */
  end(reason: BleError): void {
    if (this.#ended) return;
    this.#ended = reason;
    const waiting = this.#whenEnded;
    this.#whenEnded = [];
    for (const tell of waiting) tell(reason);
    this.#parts.turn.defer(() => this.emit("disconnected", reason));
  }

  #sendDisconnect(reason: number): void {
    if (this.#disconnecting) return;
    this.#disconnecting = true;
    const { hci, clock, handle } = this.#parts;
    const patience = clock.after(this.#parameters.supervisionTimeoutMs + disconnectionGrace, () => {
      this.#parts.lost(new DisconnectedError(Status.ConnectionTimeout));
    });
    this.#whenEnded.push(() => {
      patience[Symbol.dispose]();
    });
    hci.send(Disconnect, { connectionHandle: handle, reason }, (outcome) => {
      // It has lost the link and not said so. Any other refusal means that the link is ending as it is: wait for that.
      if (outcome instanceof HciError && outcome.status === Status.UnknownConnectionIdentifier) {
        this.#parts.lost(new DisconnectedError(Status.UnspecifiedError));
      }
    });
  }
}

/** How to part. */
export interface DisconnectOptions extends CallOptions {
  /** A `Status` that the specification allows here (Vol 4, Part E, 7.1.6): 0x05, 0x13 to 0x15, 0x1a, 0x29 or 0x3b. */
  readonly reason?: number;
}
