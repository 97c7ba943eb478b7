import type { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import { BleError } from "../common/errors.ts";
import { type Procedure, wait } from "../common/procedure.ts";
import { type CallOptions, reasonOf } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import { LeCreateConnection } from "../hci/commands/le-connection.ts";
import { DisconnectedError, HciError } from "../hci/error.ts";
import type { Hci } from "../hci/hci.ts";
import { Status } from "../hci/status.ts";
import { ConnectAttempt, type Waiter } from "./connect-attempt.ts";
import { type ConnectOptions, linkParameters } from "./connect-options.ts";
import type { Connection } from "./connection.ts";
import { ConnectTimeoutError } from "./error.ts";
import { Establishing } from "./establishing.ts";
import { InitiatingRadio, type InitiatingSetup } from "./initiating-radio.ts";
import type { LinkQuestions } from "./link-questions.ts";
import { RadioTask } from "./radio-task.ts";
import type { Scanner } from "./scanner.ts";
import { checkPatience } from "./units.ts";

const defaultTimeoutMs = 30_000;
const defaultRetries = 3;

/**
 * Makes connections: all peers that are wanted are tried at once, through the Filter Accept List.
 * Vol 4, Part E, 7.8.12 and 7.8.66.
 *
 * Every attempt ends: connected, refused, timed out or called off, and the controller is told when it should stop.
 */
export class Initiator {
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #scanner: Scanner;
  readonly #setup: InitiatingSetup;
  readonly #radio: InitiatingRadio;
  readonly #task: RadioTask;
  readonly #establishing: Establishing;
  /** In the order they were asked for. */
  readonly #attempts: ConnectAttempt[] = [];
  /** Links that are not established yet, with what they came of. */
  readonly #candidates = new Map<Connection, ConnectAttempt>();
  /** Those the controller is at. */
  #trying: readonly ConnectAttempt[] = [];
  #holding = false;
  #paused = false;
  #ended: BleError | undefined;

  constructor(
    hci: Hci,
    clock: Clock,
    turn: Turn,
    scanner: Scanner,
    questions: LinkQuestions,
    setup: InitiatingSetup,
  ) {
    this.#clock = clock;
    this.#turn = turn;
    this.#scanner = scanner;
    this.#setup = setup;
    this.#radio = new InitiatingRadio(clock, setup);
    this.#establishing = new Establishing(questions, clock);
    this.#task = new RadioTask(
      hci,
      () => this.#bring(),
      (error) => {
        const tried = this.#trying;
        this.#trying = [];
        this.#radio.ended();
        this.#fail(tried, error);
      },
    );
  }

  /**
   * Connects, together with all other attempts.
   *
   * @param options.signal - Rejects with its reason once the controller has stopped trying.
   * @throws {@link RangeError} An option is out of its range.
   */
  async connect(address: Address, options: ConnectOptions & CallOptions): Promise<Connection> {
    const { timeoutMs = defaultTimeoutMs, retries = defaultRetries, signal } = options;
    checkPatience("timeoutMs", timeoutMs);
    const link = linkParameters(options);
    this.#setup.check(link);
    signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    let aborted: (() => void) | undefined;
    try {
      return await new Promise<Connection>((connected, failed) => {
        const waiter = { connected, failed };
        const attempt = this.#attemptFor(
          address,
          () => new ConnectAttempt(address, link, retries, this.#clock),
        );
        attempt.join(waiter, timeoutMs, () => {
          this.#leave(attempt, waiter, new ConnectTimeoutError(address, timeoutMs));
        });
        aborted = (): void => {
          if (signal) this.#turn.run(() => this.#leave(attempt, waiter, reasonOf(signal)));
        };
        signal?.addEventListener("abort", aborted, { once: true });
        this.#turn.run(() => this.#task.wanted());
      });
    } finally {
      if (aborted) signal?.removeEventListener("abort", aborted);
    }
  }

  /**
   * A link as central has come up.
   *
   * @param established - Called when the peer is known to be there; never when the link is gone before.
   * @returns Whether an attempt wants it; if not, nobody does.
   */
  connected(connection: Connection, established: () => void): boolean {
    const attempt = this.#attempts.find(
      (each) => this.#trying.includes(each) && this.#isPeer(connection, each.address),
    );
    if (!attempt) {
      // One that an attempt was after which has been given up: the link was quicker than the cancellation.
      if (this.#radio.stopping) this.#over();
      return false;
    }
    this.#remove(attempt);
    this.#over();
    this.#candidates.set(connection, attempt);
    this.#establishing.await(connection, () => {
      this.#candidates.delete(connection);
      established();
      attempt.succeed(connection);
    });
    return true;
  }

  /** A link is gone, perhaps before it was established. */
  disconnected(connection: Connection, reason: BleError): void {
    const attempt = this.#candidates.get(connection);
    this.#candidates.delete(connection);
    if (!this.#establishing.gone(connection) || !attempt?.wanted) return;
    if (isNotEstablished(reason) && attempt.retries > 0 && !this.#ended) {
      attempt.retries--;
      this.#attempts.unshift(attempt);
      this.#task.wanted();
    } else attempt.fail(reason);
  }

  /** The controller says that no link will come of it. */
  failed(status: number): void {
    // As it was told to, if it was.
    const refused = this.#radio.stopping ? [] : this.#trying.filter((attempt) => !mayRetry(attempt, status));
    for (const attempt of refused) this.#remove(attempt);
    this.#over();
    for (const attempt of refused) attempt.fail(new HciError(status, LeCreateConnection.opcode));
  }

  /**
   * Stops trying until {@link resume}, while addresses change. Attempts stay, and their time goes on.
   *
   * @param done - Called when the controller has stopped, or could not be stopped.
   */
  pause(done: () => void): void {
    this.#paused = true;
    this.#task.wanted(() => {
      done();
    });
  }

  resume(): void {
    this.#paused = false;
    this.#task.wanted();
  }

  /** The controller is being reset: what was under way ends with `reason`. */
  suspend(reason: BleError): void {
    this.#task.suspend();
    this.#trying = [];
    this.#rejectAll(reason);
  }

  /** It is ready again. */
  restore(): void {
    this.#task.resume();
  }

  /** The controller is gone, or will be. */
  end(reason: BleError): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#task.end(reason);
    this.#rejectAll(reason);
  }

  #rejectAll(reason: BleError): void {
    const attempts = [...this.#attempts.splice(0), ...this.#candidates.values()];
    this.#radio.ended();
    for (const attempt of attempts) attempt.fail(reason);
  }

  /** Also where the controller, or the peer, uses another of the peer's addresses than the one that was asked for. */
  #isPeer({ peerAddress }: Connection, wanted: Address): boolean {
    if (peerAddress.equals(wanted)) return true;
    const identity = this.#setup.identityOf(wanted);
    return identity !== undefined && this.#setup.identityOf(peerAddress)?.equals(identity) === true;
  }

  #attemptFor(address: Address, create: () => ConnectAttempt): ConnectAttempt {
    const isIt = (attempt: ConnectAttempt): boolean => attempt.address.equals(address);
    const known = this.#attempts.find(isIt) ?? [...this.#candidates.values()].find(isIt);
    if (known) return known;
    const attempt = create();
    this.#attempts.push(attempt);
    return attempt;
  }

  /** One caller has given up. It is told when the controller has, unless others still want the link. */
  #leave(attempt: ConnectAttempt, waiter: Waiter, reason: unknown): void {
    if (!attempt.leave(waiter)) return;
    if (!attempt.wanted) this.#giveUp(attempt);
    if (this.#trying.includes(attempt) && !attempt.wanted) {
      this.#task.wanted(() => {
        waiter.failed(reason);
      });
    } else waiter.failed(reason);
  }

  #giveUp(attempt: ConnectAttempt): void {
    this.#remove(attempt);
    for (const [connection, of] of this.#candidates) if (of === attempt) void connection.disconnect();
  }

  #fail(attempts: readonly ConnectAttempt[], reason: BleError): void {
    for (const attempt of attempts) {
      this.#remove(attempt);
      attempt.fail(reason);
    }
    this.#task.wanted();
  }

  #remove(attempt: ConnectAttempt): void {
    const at = this.#attempts.indexOf(attempt);
    if (at >= 0) this.#attempts.splice(at, 1);
  }

  /** The controller is at nothing any more; there may be something else to be at. */
  #over(): void {
    this.#trying = [];
    this.#radio.ended();
    this.#task.wanted();
  }

  *#bring(): Procedure<void> {
    if (sameMembers(this.#trying, this.#wanted())) {
      if (this.#trying.length === 0) this.#release();
      return;
    }
    if (this.#trying.length > 0) yield* this.#radio.stop(this.#task);
    this.#trying = [];
    if (this.#wanted().length === 0) {
      this.#release();
      return;
    }
    if (!this.#holding && !this.#setup.scansMeanwhile()) {
      this.#holding = true;
      yield* wait<undefined>((done) => {
        this.#scanner.pause(() => {
          done(undefined);
        });
      });
    }
    const wanted = this.#wanted();
    if (wanted.length === 0) return; // all were called off meanwhile; it goes round once more
    this.#trying = wanted;
    yield* this.#radio.start(this.#task, wanted);
  }

  /** Those who can be tried together: what the first wants of its link, and those who want the same. */
  #wanted(): readonly ConnectAttempt[] {
    const [first] = this.#attempts;
    if (!first || this.#paused) return [];
    const key = JSON.stringify(first.link);
    return this.#attempts
      .filter(({ link }) => JSON.stringify(link) === key)
      .slice(0, Math.max(1, this.#setup.acceptListSize()));
  }

  #release(): void {
    if (!this.#holding) return;
    this.#holding = false;
    this.#scanner.resume();
  }
}

function mayRetry(attempt: ConnectAttempt, status: number): boolean {
  return status === Status.ConnectionFailedToBeEstablished && attempt.retries-- > 0;
}

function isNotEstablished(reason: BleError): boolean {
  return reason instanceof DisconnectedError && reason.reason === Status.ConnectionFailedToBeEstablished;
}

function sameMembers<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((member, at) => member === b[at]);
}
