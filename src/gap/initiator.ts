import type { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import { BleError } from "../common/errors.ts";
import {
  LeCreateConnection,
  LeCreateConnectionCancel,
  type LeCreateConnectionParameters,
} from "../hci/commands/le-connection.ts";
import { HciError } from "../hci/error.ts";
import type { Hci } from "../hci/hci.ts";
import { Status } from "../hci/status.ts";
import type { Connection } from "./connection.ts";
import { addressTypeOctet } from "./device-address.ts";
import { ConnectTimeoutError } from "./error.ts";
import type { Scanner } from "./scanner.ts";
import { connectionInterval, scanTime, supervisionTimeout } from "./units.ts";

/** How to connect, and what to ask of the link. */
export interface ConnectOptions {
  /** Give up after so many ms. Default 30,000. */
  readonly timeoutMs?: number;
  /** From one connection event to the next, 7.5 to 4000 ms. Default 30 to 50. */
  readonly minIntervalMs?: number;
  readonly maxIntervalMs?: number;
  /** How many events the peripheral may sleep through, 0 to 499. Default 0. */
  readonly latency?: number;
  /** How long without a packet until the link counts as lost, 100 to 32,000 ms. Default 4000. */
  readonly supervisionTimeoutMs?: number;
}

/** One attempt to connect: waiting in line, on the air, or being called off. */
export interface Attempt {
  /** Calls it off; `done` is told `reason` once the controller has stopped trying. */
  cancel(reason: Error): void;
}

interface Pending {
  readonly address: Address;
  readonly parameters: LeCreateConnectionParameters;
  readonly timeoutMs: number;
  readonly done: (outcome: Connection | Error) => void;
  /** Whether the controller was told to connect. */
  sent: boolean;
  /** Why it was called off. */
  cancelled: Error | undefined;
}

/** HCI status that ends a Create Connection which was called off. Vol 4, Part E, 7.8.13. */
const cancelledStatus = Status.UnknownConnectionIdentifier;

/** How long the controller may take to say that it has stopped trying, in ms. */
const cancelPatience = 5_000;

/**
 * Makes connections, one at a time as legacy initiating has it. Vol 4, Part E, 7.8.12.
 *
 * Every attempt ends: connected, refused, timed out or called off, and the controller is told when it should stop.
 */
export class Initiator {
  readonly #hci: Hci;
  readonly #clock: Clock;
  readonly #scanner: Scanner;
  readonly #ownAddressType: () => number;
  readonly #line: Pending[] = [];
  /** The one the controller is at. */
  #current: Pending | undefined;
  #timer: Disposable | undefined;
  #ended: BleError | undefined;

  constructor(hci: Hci, clock: Clock, scanner: Scanner, ownAddressType: () => number) {
    this.#hci = hci;
    this.#clock = clock;
    this.#scanner = scanner;
    this.#ownAddressType = ownAddressType;
  }

  /**
   * Connects as soon as the attempts before have ended.
   *
   * @throws {@link RangeError} An option is out of its range.
   */
  connect(address: Address, options: ConnectOptions, done: (outcome: Connection | Error) => void): Attempt {
    const { timeoutMs = 30_000 } = options;
    const parameters = this.#parameters(address, options);
    const pending: Pending = { address, parameters, timeoutMs, done, sent: false, cancelled: undefined };
    if (this.#ended) done(this.#ended);
    else {
      this.#line.push(pending);
      this.#next();
    }
    return {
      cancel: (reason) => {
        this.#cancel(pending, reason);
      },
    };
  }

  /** A link as central has come up. @returns Whether an attempt wanted it. */
  connected(connection: Connection): boolean {
    const pending = this.#current;
    if (!pending) return false;
    const { cancelled } = pending;
    // Called off too late: the peer had answered. Nobody wants the link any more.
    if (cancelled) void connection.disconnect();
    this.#finish(cancelled ?? connection);
    return true;
  }

  /** The controller says that no link will come of it. */
  failed(status: number): void {
    const pending = this.#current;
    if (!pending) return;
    const { cancelled } = pending;
    if (cancelled && status === cancelledStatus) this.#finish(cancelled);
    else this.#finish(new HciError(status, LeCreateConnection.opcode));
  }

  /** The controller is gone. */
  end(reason: BleError): void {
    this.#ended = reason;
    const waiting = this.#line.splice(0);
    if (this.#current) this.#finish(reason);
    for (const { done } of waiting) done(reason);
  }

  #next(): void {
    if (this.#current || this.#ended) return;
    const pending = this.#line.shift();
    if (!pending) return;
    this.#current = pending;
    this.#timer = this.#clock.after(pending.timeoutMs, () => {
      this.#cancel(pending, new ConnectTimeoutError(pending.address, pending.timeoutMs));
    });
    this.#scanner.pause(() => {
      if (this.#current !== pending) return;
      if (pending.cancelled) {
        this.#finish(pending.cancelled);
        return;
      }
      pending.sent = true;
      this.#hci.send(LeCreateConnection, pending.parameters, (outcome) => {
        if (outcome instanceof BleError && this.#current === pending)
          this.#finish(pending.cancelled ?? outcome);
      });
    });
  }

  #cancel(pending: Pending, reason: Error): void {
    if (pending.cancelled) return;
    pending.cancelled = reason;
    const place = this.#line.indexOf(pending);
    if (place >= 0) {
      this.#line.splice(place, 1);
      pending.done(reason);
    } else if (this.#current === pending && pending.sent) {
      // Whether it is refused because the link has just come up or not: a Connection Complete event tells the end.
      this.#hci.send(LeCreateConnectionCancel, {}, () => undefined);
      this.#timer?.[Symbol.dispose]();
      this.#timer = this.#clock.after(cancelPatience, () => {
        this.#finish(reason);
      });
    }
  }

  #finish(outcome: Connection | Error): void {
    const pending = this.#current;
    if (!pending) return;
    this.#current = undefined;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#scanner.resume();
    this.#next();
    pending.done(outcome);
  }

  #parameters(address: Address, options: ConnectOptions): LeCreateConnectionParameters {
    const { minIntervalMs = 30, maxIntervalMs = Math.max(50, minIntervalMs), latency = 0 } = options;
    const { supervisionTimeoutMs = 4000 } = options;
    if (minIntervalMs > maxIntervalMs) throw new RangeError("minIntervalMs is more than maxIntervalMs");
    if (!Number.isInteger(latency) || latency < 0 || latency > 499)
      throw new RangeError("latency: not 0 to 499");
    // Vol 4, Part E, 7.8.12: the link must outlive two meetings that the peripheral sleeps through.
    if (supervisionTimeoutMs <= (1 + latency) * maxIntervalMs * 2) {
      throw new RangeError("supervisionTimeoutMs must be more than (1 + latency) * maxIntervalMs * 2");
    }
    return {
      scanInterval: scanTime("scan interval", 60),
      scanWindow: scanTime("scan window", 60),
      initiatorFilterPolicy: 0,
      peerAddressType: addressTypeOctet(address),
      peerAddress: address.value,
      ownAddressType: this.#ownAddressType(),
      connectionIntervalMin: connectionInterval("minIntervalMs", minIntervalMs),
      connectionIntervalMax: connectionInterval("maxIntervalMs", maxIntervalMs),
      maxLatency: latency,
      supervisionTimeout: supervisionTimeout("supervisionTimeoutMs", supervisionTimeoutMs),
      minCeLength: 0,
      maxCeLength: 0,
    };
  }
}
