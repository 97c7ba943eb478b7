import type { Clock } from "../common/clock.ts";
import { BleError, MalformedPduError } from "../common/errors.ts";
import type { Done, Outcome } from "../common/procedure.ts";
import { ParametersRefusedError } from "./error.ts";
import type { Signaling } from "./signaling.ts";
import {
  ConnectionParametersResult,
  ConnectionParameterUpdateRequest,
  ConnectionParameterUpdateResponse,
} from "./signaling-pdu.ts";
import { responseTimeout } from "./transactions.ts";

/** Decides about the peripheral's wish for other parameters. `answer` is called once, within 30 s, or means nothing. */
export type ParametersPolicy = (
  request: ConnectionParameterUpdateRequest,
  answer: (accept: boolean) => void,
) => void;

const leastInterval = 6;
const mostInterval = 3200;
const mostLatency = 499;
const leastTimeout = 10;
const mostTimeout = 3200;

/** Whether a link may have such parameters. Vol 3, Part A, 4.20 and Vol 6, Part B, 4.5.2. */
export function areLegalParameters(request: ConnectionParameterUpdateRequest): boolean {
  const { intervalMin, intervalMax, latency, timeout } = request;
  if (intervalMin < leastInterval || intervalMax > mostInterval || intervalMin > intervalMax) return false;
  if (latency > mostLatency || timeout < leastTimeout || timeout > mostTimeout) return false;
  // The timeout, in 10 ms, is to be more than twice the longest that the peripheral may sleep, in 1.25 ms.
  return timeout * 8 > 2 * (1 + latency) * intervalMax;
}

/**
 * The central's side of other connection parameters: the policy decides about what is legal. One wish at a time; others
 * are rejected meanwhile. Vol 3, Part A, 4.20 and 4.21.
 */
export class ParameterUpdates {
  readonly #signaling: Signaling;
  readonly #clock: Clock;
  readonly #policy: ParametersPolicy;
  /** The identifier of the wish that the policy thinks about. */
  #pending: number | undefined;
  #timer: Disposable | undefined;

  constructor(signaling: Signaling, clock: Clock, policy: ParametersPolicy) {
    this.#signaling = signaling;
    this.#clock = clock;
    this.#policy = policy;
    signaling.serve(ConnectionParameterUpdateRequest, (request, identifier) => {
      this.#requested(request, identifier);
    });
  }

  /** The link is gone. */
  end(): void {
    this.#pending = undefined;
    this.#timer?.[Symbol.dispose]();
  }

  #requested(request: ConnectionParameterUpdateRequest, identifier: number): void {
    if (this.#pending === identifier) return; // the same again: one answer serves both
    if (this.#pending !== undefined || !areLegalParameters(request)) {
      this.#respond(identifier, false);
      return;
    }
    this.#pending = identifier;
    this.#timer = this.#clock.after(responseTimeout, () => {
      this.#answer(identifier, false);
    });
    let answered = false;
    this.#policy(request, (accept) => {
      if (!answered) this.#answer(identifier, accept);
      answered = true;
    });
  }

  #answer(identifier: number, accept: boolean): void {
    if (this.#pending !== identifier) return;
    this.end();
    this.#respond(identifier, accept);
  }

  #respond(identifier: number, accept: boolean): void {
    const { Accepted, Rejected } = ConnectionParametersResult;
    this.#signaling.respond(ConnectionParameterUpdateResponse, identifier, {
      result: accept ? Accepted : Rejected,
    });
  }
}

/**
 * The peripheral's side: asks the central for other parameters. Vol 3, Part A, 4.20.
 *
 * @throws {@link RangeError} No link may have them.
 */
export function requestParameters(
  signaling: Signaling,
  request: ConnectionParameterUpdateRequest,
  done: Done<undefined>,
): void {
  if (!areLegalParameters(request)) {
    throw new RangeError(
      "connection parameters: the interval is 6 to 3200 in 1.25 ms, the latency 0 to 499, and the timeout 10 to 3200 " +
        "in 10 ms and more than 2 x (1 + latency) x interval",
    );
  }
  signaling.request(ConnectionParameterUpdateRequest, request, {
    answer: ConnectionParameterUpdateResponse.code,
    done: (outcome) => {
      done(parametersOutcome(outcome));
    },
  });
}

function parametersOutcome(outcome: Outcome<Uint8Array>): Outcome<undefined> {
  if (outcome instanceof BleError) return outcome;
  try {
    const { result } = ConnectionParameterUpdateResponse.decode(outcome);
    return result === ConnectionParametersResult.Accepted ? undefined : new ParametersRefusedError();
  } catch (error) {
    if (!(error instanceof MalformedPduError)) throw error;
    return error;
  }
}
