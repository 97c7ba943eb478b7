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
import { checkConnectOptions, type ConnectOptions, linkParameters, wishOf } from "./connect-options.ts";
import type { Connection } from "./connection.ts";
import { ConnectTimeoutError } from "./error.ts";
import { Establishing } from "./establishing.ts";
import { InitiatingRadio, type InitiatingSetup } from "./initiating-radio.ts";
import type { LinkQuestions } from "./link-questions.ts";
import type { Pausable } from "./radio-silence.ts";
import { RadioTask } from "./radio-task.ts";
import { checkPatience } from "./units.ts";

const defaultTimeoutMs = 30_000;
const defaultRetries = 3;
/** How long a few are tried before those who had no room in the Filter Accept List get their turn, in ms. */
const turnMs = 1_000;

/** What else uses the radio. */
export interface BesideInitiating {
  /** What has to be still while the controller connects, since it cannot do both. */
  interfering(): readonly Pausable[];
  /** The controller connects no more. */
  released(): void;
}

/**
 * Makes connections: all peers that are wanted are tried at once, through the Filter Accept List; where it has no room
 * for all, they take turns. Vol 4, Part E, 7.8.12 and 7.8.66.
 *
 * The controller makes all of them in the way that the first asked for: whoever wants other parameters gets them by a
 * change as soon as the link is there.
 *
 * Every attempt ends: connected, refused, timed out or called off, and the controller is told when it should stop.
 */
export class Initiator {
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #beside: BesideInitiating;
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
  /** Runs while some have to wait for their turn. */
  #turnTimer: Disposable | undefined;
  /** What is still meanwhile; `undefined` where the controller does not connect. */
  #held: readonly Pausable[] | undefined;
  #paused = false;
  #ended: BleError | undefined;

  constructor(
    hci: Hci,
    clock: Clock,
    turn: Turn,
    beside: BesideInitiating,
    questions: LinkQuestions,
    setup: InitiatingSetup,
  ) {
    this.#clock = clock;
    this.#turn = turn;
    this.#beside = beside;
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

  /** Whether there are attempts to connect, or will be when they may go on. */
  get initiating(): boolean {
    return this.#attempts.length > 0 || this.#trying.length > 0 || this.#held !== undefined;
  }

  /**
   * Connects, together with all other attempts.
   *
   * @param options.signal - Rejects with its reason once the controller has stopped trying.
   * @throws {@link RangeError} An option is out of its range.
   */
  async connect(address: Address, options: ConnectOptions & CallOptions): Promise<Connection> {
    checkConnectOptions(options);
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
    const isAsWanted = attempt.asks(this.#trying[0]?.link);
    this.#remove(attempt);
    this.#over();
    this.#candidates.set(connection, attempt);
    this.#establishing.await(connection, () => {
      this.#candidates.delete(connection);
      established();
      // Whether it comes to that is another matter, which `parametersChanged` tells: the link is there.
      if (!isAsWanted) connection.updateParameters(wishOf(attempt.link)).catch(() => undefined);
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
    this.#endTurn();
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
    if (this.#attempts.length <= this.#room) this.#endTurn();
  }

  /** The controller is at nothing any more; there may be something else to be at. */
  #over(): void {
    this.#trying = [];
    this.#radio.ended();
    this.#task.wanted();
  }

  *#bring(): Procedure<void> {
    this.#takeTurns();
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
    this.#held ??= yield* this.#silence();
    const wanted = this.#wanted();
    if (wanted.length === 0) {
      this.#release(); // all were called off meanwhile
      return;
    }
    this.#trying = wanted;
    yield* this.#radio.start(this.#task, wanted);
  }

  /** Those who can be tried together. */
  #wanted(): readonly ConnectAttempt[] {
    return this.#paused ? [] : this.#attempts.slice(0, this.#room);
  }

  get #room(): number {
    return Math.max(1, this.#setup.acceptListSize());
  }

  /** Those who have been tried go to the end of the line after a while, if there is one. */
  #takeTurns(): void {
    if (this.#attempts.length <= this.#room) return;
    this.#turnTimer ??= this.#clock.after(turnMs, () => {
      this.#turnTimer = undefined;
      this.#attempts.push(...this.#attempts.splice(0, this.#room));
      this.#task.wanted();
    });
  }

  #endTurn(): void {
    this.#turnTimer?.[Symbol.dispose]();
    this.#turnTimer = undefined;
  }

  *#silence(): Procedure<readonly Pausable[]> {
    const held = this.#beside.interfering();
    for (const each of held) {
      yield* wait<undefined>((done) => {
        each.pause(() => {
          done(undefined);
        });
      });
    }
    return held;
  }

  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const each of held ?? []) each.resume();
    if (held) this.#beside.released();
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
