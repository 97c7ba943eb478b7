import { BackPressureError, BleError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import { LeConnectionUpdate } from "../hci/commands/le-connection.ts";
import { HciError } from "../hci/error.ts";
import { Status } from "../hci/status.ts";
import { ParametersRefusedError } from "../l2cap/error.ts";
import type { L2capLink } from "../l2cap/l2cap.ts";
import type { ConnectionParameterUpdateRequest } from "../l2cap/signaling-pdu.ts";
import type { Connection, ConnectionParameters, ConnectionParts } from "./connection.ts";
import { intervalMs, timeoutMs } from "./units.ts";
import { type ChangedParameters, checkUpdateOptions, updateRequest } from "./update-options.ts";

/** Which connection parameters to ask for; what is left out stays as it is in force. */
export interface UpdateParametersOptions extends ChangedParameters, CallOptions {}

/** What a peripheral asks for; the central chooses an interval within it. Vol 3, Part A, 4.20. */
export interface RequestedParameters {
  readonly minIntervalMs: number;
  readonly maxIntervalMs: number;
  /** How many connection events the peripheral wants to sleep through. */
  readonly latency: number;
  readonly supervisionTimeoutMs: number;
}

/** Who decides, as central, on the parameters that peripherals ask for. */
export interface ParametersPolicy {
  /** Whether a peripheral gets what it asks for; by default it does. */
  readonly accept: ((requested: RequestedParameters, connection: Connection) => boolean) | undefined;
  /** The program has made a mistake. */
  readonly handlerFailed: (error: unknown) => void;
}

/** How long the two sides may take to change over, in connection events and in ms beside them. */
const patience = { events: 10, ms: 5_000 };

/** How many changes of the program may wait on one link. */
const mostWaiting = 64;

/** A change that is to be made, in its turn. */
interface Change {
  /** What to ask for, from what is in force by then; `undefined` when it is not wanted any more. */
  readonly request: () => ConnectionParameterUpdateRequest | undefined;
  /** As central this side decides, as peripheral it asks. */
  readonly ask: (request: ConnectionParameterUpdateRequest, done: Done<undefined>) => void;
  /** The other way to ask, of a peripheral. */
  readonly byL2cap?: (request: ConnectionParameterUpdateRequest, done: Done<undefined>) => void;
  /** Gets the parameters that came of it; `undefined` where they are not known apart from those in force. */
  readonly done: Done<ConnectionParameters | undefined>;
}

/** What says that the peer, or this controller, does not take part in the procedure of the Link Layer. */
const notByController: readonly number[] = [
  Status.UnsupportedRemoteFeature,
  Status.UnsupportedFeatureOrParameterValue,
  Status.UnknownHciCommand,
  Status.CommandDisallowed,
];

/** What says that the other side was quicker with a change of its own: after that one the wish may be told again. */
const collided: readonly number[] = [Status.LlProcedureCollision, Status.DifferentTransactionCollision];
/** How often it is told again. */
const mostCollisions = 8;

/** A change under way. */
interface ChangeUnderWay {
  readonly change: Change;
  readonly request: ConnectionParameterUpdateRequest;
  /** How often the other side was quicker. */
  collisions: number;
  /** The controller, or the central, has agreed to it. */
  agreed: boolean;
  /** Such parameters have come into force, perhaps before the word that they would; others may have since. */
  seen: ConnectionParameters | undefined;
  timer: Disposable | undefined;
}

/**
 * The changes of parameters on one link, one after the other: LE Connection Update Complete does not say whose change it
 * tells of, so that each takes those parameters for its own that are what it has asked for.
 */
export class ConnectionUpdates {
  readonly #parts: ConnectionParts;
  readonly #connection: Pick<Connection, "parameters">;
  readonly #waiting: Change[] = [];
  /** What the peripheral was promised and waits for its turn. The last counts: it may ask without end. */
  #promised: ConnectionParameterUpdateRequest | undefined;
  #current: ChangeUnderWay | undefined;
  /** The central is asked through L2CAP: it does not take part in the procedure of the Link Layer. */
  #byL2cap = false;
  #ended: BleError | undefined;

  constructor(parts: ConnectionParts, connection: Pick<Connection, "parameters">) {
    this.#parts = parts;
    this.#connection = connection;
  }

  /** Asks, and waits until the parameters have changed. */
  async update(options: UpdateParametersOptions, l2cap: L2capLink): Promise<ConnectionParameters> {
    const { turn, role } = this.#parts;
    checkUpdateOptions(options);
    options.signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    let mistake: Error | undefined;
    const request = (): ConnectionParameterUpdateRequest | undefined => {
      if (options.signal?.aborted) return undefined;
      try {
        return updateRequest(options, this.#connection.parameters);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        mistake = error; // what was left out does not go with the rest
        return undefined;
      }
    };
    const ask: Change["ask"] = (wanted, done) => {
      if (role === "central") this.#command(wanted, done);
      else this.#askCentral(wanted, l2cap, done);
    };
    const byL2cap: Change["byL2cap"] = (wanted, done) => {
      l2cap.requestParameters(wanted, done);
    };
    const parameters = await promised<ConnectionParameters>((done) => {
      turn.run(() => {
        if (this.#waiting.length >= mostWaiting) {
          done(new BackPressureError(`${mostWaiting} changes of parameters wait already: await each`));
          return;
        }
        this.#add({
          request,
          ask,
          ...(role === "peripheral" && { byL2cap }),
          // Within the turn: by the time that the promise has resolved the next change may have come into force.
          done: (outcome) => {
            done(outcome ?? this.#connection.parameters);
          },
        });
      });
    }, options);
    if (mistake) throw mistake;
    return parameters;
  }

  /**
   * The peer asks. As central the program decides; a peripheral accepts, since it may be asked for what is legal only.
   * Vol 3, Part A, 4.20, and Vol 6, Part B, 5.1.7.
   */
  requested(
    request: ConnectionParameterUpdateRequest,
    connection: Connection,
    answer: (accept: boolean) => void,
  ): void {
    const { turn, role } = this.#parts;
    turn.defer(() => {
      const accepted = role === "peripheral" || this.#decide(request, connection);
      turn.run(() => {
        answer(accepted);
      });
    });
  }

  /** LE Connection Update Complete, after the parameters were taken over. Vol 4, Part E, 7.7.65.3. */
  completed(status: number): void {
    const current = this.#current;
    if (!current) return;
    if (status !== Status.Success) {
      if (current.agreed) this.#refused(current, new HciError(status, LeConnectionUpdate.opcode));
    } else if (fits(this.#connection.parameters, current.request)) {
      current.seen = this.#connection.parameters;
      if (current.agreed) this.#end(current, current.seen);
    }
  }

  /** The link is gone. */
  end(reason: BleError): void {
    this.#ended = reason;
    const waiting = this.#waiting.splice(0);
    if (this.#current) this.#end(this.#current, reason);
    for (const change of waiting) change.done(reason);
  }

  #add(change: Change): void {
    if (this.#ended) {
      change.done(this.#ended);
      return;
    }
    this.#waiting.push(change);
    this.#next();
  }

  /**
   * As central this side has accepted what the peripheral asks for. Should the controller refuse, the parameters stay as
   * they are: the peripheral has no right to them.
   */
  promise(request: ConnectionParameterUpdateRequest): void {
    const waits = this.#promised !== undefined;
    this.#promised = request;
    if (waits) return;
    this.#add({
      request: () => {
        const last = this.#promised;
        this.#promised = undefined;
        return last;
      },
      ask: (wanted, done) => {
        this.#command(wanted, done);
      },
      done: () => undefined,
    });
  }

  #next(): void {
    while (!this.#current) {
      const change = this.#waiting.shift();
      if (!change) return;
      const request = change.request();
      if (request) this.#begin(change, request);
      else change.done(undefined);
    }
  }

  #begin(change: Change, request: ConnectionParameterUpdateRequest): void {
    this.#current = {
      ...{ change, request, collisions: 0, agreed: false },
      ...{ seen: undefined, timer: undefined },
    };
    this.#ask(this.#current, change.ask);
  }

  #ask(current: ChangeUnderWay, ask: Change["ask"]): void {
    current.timer?.[Symbol.dispose]();
    current.agreed = false;
    ask(current.request, (outcome) => {
      if (this.#current !== current) return;
      if (outcome) this.#refused(current, outcome);
      else this.#agreed(current);
    });
  }

  #refused(current: ChangeUnderWay, outcome: BleError): void {
    const { ask, byL2cap } = current.change;
    const status = outcome instanceof HciError ? outcome.status : Status.Success;
    if (collided.includes(status) && current.collisions++ < mostCollisions) {
      this.#ask(current, ask);
    } else if (byL2cap && !this.#byL2cap && notByController.includes(status)) {
      this.#byL2cap = true;
      this.#ask(current, byL2cap);
    } else {
      const byCentral = byL2cap && status === Status.UnacceptableConnectionParameters;
      this.#end(current, byCentral ? new ParametersRefusedError() : outcome);
    }
  }

  /** The controllers need not say so when nothing changes, so it is not waited for without end. */
  #agreed(current: ChangeUnderWay): void {
    current.agreed = true;
    if (current.seen) {
      this.#end(current, current.seen);
      return;
    }
    const { parameters } = this.#connection;
    const eventsMs = patience.events * parameters.intervalMs * (1 + parameters.latency);
    current.timer = this.#parts.clock.after(patience.ms + eventsMs, () => {
      this.#end(current, undefined);
    });
  }

  #end(current: ChangeUnderWay, outcome: BleError | ConnectionParameters | undefined): void {
    if (this.#current !== current) return;
    current.timer?.[Symbol.dispose]();
    this.#current = undefined;
    current.change.done(outcome);
    this.#next();
  }

  #decide(request: ConnectionParameterUpdateRequest, connection: Connection): boolean {
    const { accept, handlerFailed } = this.#parts.policy;
    if (!accept) return true;
    try {
      const accepted: unknown = accept(requestedParameters(request), connection);
      // A promise would be as good as "yes", whatever comes of it.
      if (typeof accepted !== "boolean")
        throw new TypeError("acceptParameters: return true or false, at once");
      return accepted;
    } catch (error) {
      handlerFailed(error);
      return false;
    }
  }

  #askCentral(request: ConnectionParameterUpdateRequest, l2cap: L2capLink, done: Done<undefined>): void {
    this.#byL2cap ||= !this.#parts.asksByController();
    if (this.#byL2cap) l2cap.requestParameters(request, done);
    else this.#command(request, done);
  }

  #command(request: ConnectionParameterUpdateRequest, done: Done<undefined>): void {
    const { hci, handle } = this.#parts;
    const { intervalMin, intervalMax, latency, timeout } = request;
    const parameters = {
      connectionHandle: handle,
      connectionIntervalMin: intervalMin,
      connectionIntervalMax: intervalMax,
      maxLatency: latency,
      supervisionTimeout: timeout,
      minCeLength: 0,
      maxCeLength: 0,
    };
    hci.send(LeConnectionUpdate, parameters, (outcome) => {
      done(outcome instanceof BleError ? outcome : undefined);
    });
  }
}

function fits(parameters: ConnectionParameters, request: ConnectionParameterUpdateRequest): boolean {
  const wanted = requestedParameters(request);
  return (
    parameters.intervalMs >= wanted.minIntervalMs &&
    parameters.intervalMs <= wanted.maxIntervalMs &&
    parameters.latency === wanted.latency &&
    parameters.supervisionTimeoutMs === wanted.supervisionTimeoutMs
  );
}

function requestedParameters(request: ConnectionParameterUpdateRequest): RequestedParameters {
  return {
    minIntervalMs: intervalMs(request.intervalMin),
    maxIntervalMs: intervalMs(request.intervalMax),
    latency: request.latency,
    supervisionTimeoutMs: timeoutMs(request.timeout),
  };
}
