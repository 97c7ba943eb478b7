import type { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import { BleError } from "../common/errors.ts";
import { type CallOptions, reasonOf } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import {
  LeCreateConnection,
  LeCreateConnectionCancel,
  type LeCreateConnectionParameters,
} from "../hci/commands/le-connection.ts";
import { HciError } from "../hci/error.ts";
import type { Hci } from "../hci/hci.ts";
import { Status } from "../hci/status.ts";
import { type ConnectOptions, createConnectionParameters } from "./connect-options.ts";
import type { Connection } from "./connection.ts";
import { ConnectTimeoutError } from "./error.ts";
import type { Scanner } from "./scanner.ts";
import { checkPatience } from "./units.ts";

/** One attempt to connect: waiting in line, on the air, or being called off. */
interface Attempt {
  readonly address: Address;
  readonly parameters: LeCreateConnectionParameters;
  readonly timeoutMs: number;
  readonly connected: (connection: Connection) => void;
  readonly failed: (reason: unknown) => void;
  /** Whether the controller was told to connect. */
  sent: boolean;
  /** Why it was called off. */
  cancelled: { readonly reason: unknown } | undefined;
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
  readonly #turn: Turn;
  readonly #scanner: Scanner;
  readonly #ownAddressType: () => number;
  readonly #line: Attempt[] = [];
  /** The one the controller is at. */
  #current: Attempt | undefined;
  #timer: Disposable | undefined;
  #ended: BleError | undefined;

  constructor(hci: Hci, clock: Clock, turn: Turn, scanner: Scanner, ownAddressType: () => number) {
    this.#hci = hci;
    this.#clock = clock;
    this.#turn = turn;
    this.#scanner = scanner;
    this.#ownAddressType = ownAddressType;
  }

  /**
   * Connects as soon as the attempts before have ended.
   *
   * @param options.signal - Rejects with its reason once the controller has stopped trying.
   * @throws {@link RangeError} An option is out of its range.
   */
  async connect(address: Address, options: ConnectOptions & CallOptions): Promise<Connection> {
    const { timeoutMs = 30_000, signal } = options;
    checkPatience("timeoutMs", timeoutMs);
    const parameters = createConnectionParameters(address, options, this.#ownAddressType());
    signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    let aborted: (() => void) | undefined;
    try {
      return await new Promise<Connection>((connected, failed) => {
        const attempt: Attempt = {
          address,
          parameters,
          timeoutMs,
          connected,
          failed,
          sent: false,
          cancelled: undefined,
        };
        aborted = (): void => {
          if (signal) this.#turn.run(() => this.#cancel(attempt, reasonOf(signal)));
        };
        signal?.addEventListener("abort", aborted, { once: true });
        this.#line.push(attempt);
        this.#turn.run(() => this.#next());
      });
    } finally {
      if (aborted) signal?.removeEventListener("abort", aborted);
    }
  }

  /** A link as central has come up. @returns Whether an attempt wants it; if not, nobody does. */
  connected(connection: Connection): boolean {
    const attempt = this.#current;
    // With another peer: one that an earlier attempt was after, which the controller was too slow to give up.
    if (!attempt?.address.equals(connection.peerAddress)) return false;
    const { cancelled } = attempt;
    this.#finish();
    if (cancelled) attempt.failed(cancelled.reason);
    else attempt.connected(connection);
    return cancelled === undefined;
  }

  /** The controller says that no link will come of it. */
  failed(status: number): void {
    const attempt = this.#current;
    if (!attempt?.sent) return;
    const { cancelled } = attempt;
    if (cancelled && status === cancelledStatus) this.#fail(attempt, cancelled.reason);
    else this.#fail(attempt, new HciError(status, LeCreateConnection.opcode));
  }

  /** The controller is gone, or will be. */
  end(reason: BleError): void {
    if (this.#ended) return;
    this.#ended = reason;
    const waiting = this.#line.splice(0);
    if (this.#current) this.#fail(this.#current, reason);
    for (const { failed } of waiting) failed(reason);
  }

  #next(): void {
    if (this.#current || this.#ended) return;
    const attempt = this.#line.shift();
    if (!attempt) return;
    this.#current = attempt;
    this.#timer = this.#clock.after(attempt.timeoutMs, () => {
      this.#cancel(attempt, new ConnectTimeoutError(attempt.address, attempt.timeoutMs));
    });
    this.#scanner.pause(() => {
      if (this.#current !== attempt) return;
      if (attempt.cancelled) {
        this.#fail(attempt, attempt.cancelled.reason);
        return;
      }
      attempt.sent = true;
      this.#hci.send(LeCreateConnection, attempt.parameters, (outcome) => {
        if (outcome instanceof BleError) this.#fail(attempt, attempt.cancelled?.reason ?? outcome);
      });
    });
  }

  #cancel(attempt: Attempt, reason: unknown): void {
    if (attempt.cancelled) return;
    attempt.cancelled = { reason };
    const place = this.#line.indexOf(attempt);
    if (place >= 0) {
      this.#line.splice(place, 1);
      attempt.failed(reason);
    } else if (this.#current === attempt && attempt.sent) {
      this.#timer?.[Symbol.dispose]();
      this.#timer = this.#clock.after(cancelPatience, () => {
        this.#fail(attempt, reason);
      });
      // Whether it is refused because the link has just come up or not: a Connection Complete event tells the end.
      this.#hci.send(LeCreateConnectionCancel, {}, () => undefined);
    }
  }

  #fail(attempt: Attempt, reason: unknown): void {
    if (this.#current !== attempt) return;
    this.#finish();
    attempt.failed(reason);
  }

  /** The attempt under way is over, whatever came of it. */
  #finish(): void {
    this.#current = undefined;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#scanner.resume();
    this.#next();
  }
}
